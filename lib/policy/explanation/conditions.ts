// What each condition of an Application asks of people (spec/application.md §3.1).
import type { Application, ApplicationCondition } from '../../model/application.ts';
import { type Explanation, syncCommand } from './explanation.ts';

type WayOut = (application: Application, message: string) => string;

const WAYS_OUT: Readonly<Record<string, WayOut>> = {
  InvalidSpecError: () => "change the Application's spec, or what it refers to, as the message says",
  ComparisonError: ({ metadata }) =>
    `mend what the message names; the next push, or evenkeel app get ${metadata.name} --refresh, looks again`,
  UnknownError: () => 'mend what the message names; it is tried again by itself',
  SyncError: syncErrorWayOut,
  DeletionError: () => 'mend what the message names; the deletion goes on by itself',
  SharedResourceWarning: () => 'let one of the two name the object: each sync takes it from the other',
  RepeatedResourceWarning: () => 'name it once in Git: of several the last counts',
  ExcludedResourceWarning: () => 'take it out of Git, or out of resource.exclusions in argocd-cm: it is neither compared nor synced',
  DependencyWarning: () => 'it goes on by itself when they are Synced and Healthy: evenkeel app explain tells of each what it waits for',
  DeletionBudgetWarning: () => 'agree, or put them back, as the message says; the budget is an annotation of the project',
  OrphanedResourceWarning: () => "put them into Git, delete them, or name them in the project's spec.orphanedResources.ignore",
};

function syncErrorWayOut(application: Application, message: string): string {
  if (message.includes('auto-sync will wipe out all resources')) {
    return `put them back into Git, or set spec.syncPolicy.automated.allowEmpty, or: ${syncCommand(application, ' --prune')}`;
  }
  const again = message.includes('the reason lies outside Git') ? 'it is tried again by itself then; at once' : 'then push, or';
  return `mend what the message names; ${again}: ${syncCommand(application)}`;
}

export function faults(application: Application): readonly Explanation[] {
  return (application.status?.conditions ?? []).map(({ type, message }) => {
    const next = WAYS_OUT[type]?.(application, message) ?? 'look at what the message names';
    return { about: aboutOf(type), says: `${type}: ${message}`, next };
  });
}

function aboutOf(type: ApplicationCondition['type']): Explanation['about'] {
  if (type === 'SyncError') return 'automation';
  return type === 'DeletionError' ? 'reconciliation' : 'sync';
}
