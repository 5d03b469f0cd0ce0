// What each condition of an Application asks of people (spec/application.md §3.1).
import type { Application, ApplicationCondition } from '../../model/application.ts';
import { BLOCKED, isCompleted } from '../../model/operation.ts';
import { type Explanation, type Surroundings, standingOf, syncCommand } from './explanation.ts';

type WayOut = (application: Application, message: string, around: Surroundings) => string;

const WAYS_OUT: Readonly<Record<string, WayOut>> = {
  InvalidSpecError: () => "change the Application's spec, or what it refers to, as the message says",
  ComparisonError: comparisonErrorWayOut,
  UnknownError: () => 'mend what the message names; it is tried again by itself',
  SyncError: syncErrorWayOut,
  DeletionError: () => 'mend what the message names; the deletion goes on by itself',
  SharedResourceWarning: () => 'let one of the two name the object: each sync takes it from the other',
  RepeatedResourceWarning: () => 'name it once in Git: of several the last counts',
  ExcludedResourceWarning: () => 'take it out of Git, or out of resource.exclusions in argocd-cm: it is neither compared nor synced',
  UnknownValueWarning: () => 'write it in Git as the message says, or take it away',
  DependencyWarning: () => 'it goes on by itself when they are Synced and Healthy: evenkeel app explain tells of each what it waits for',
  DeletionBudgetWarning: () => 'agree, or put them back, as the message says; the budget is an annotation of the project',
  OrphanedResourceWarning: () => "put them into Git, delete them, or name them in the project's spec.orphanedResources.ignore",
};

const MEND = 'mend what the message names';

/** What is left alone, or goes, is not looked at again. */
function comparisonErrorWayOut(application: Application): string {
  if (standingOf(application) === 'closed') return MEND;
  return `${MEND}; the next push, or evenkeel app get ${application.metadata.name} --refresh, looks again`;
}

function syncErrorWayOut(application: Application, message: string, around: Surroundings): string {
  if (standingOf(application) === 'closed') return MEND;
  const sync = (flags = '') => afterOperation(application, syncCommand(application, around, flags));
  if (message.includes('auto-sync will wipe out all resources')) {
    return `put them back into Git, or set spec.syncPolicy.automated.allowEmpty, or${sync(' --prune')}`;
  }
  const again = message.includes('the reason lies outside Git') ? 'it is tried again by itself then; at once' : 'then push, or';
  return `${MEND}; ${again}${sync()}`;
}

/** One operation at a time is taken. */
function afterOperation(application: Application, command: string): string {
  return standingOf(application) === 'busy' ? `, once the operation that is there has ended: ${command}` : `: ${command}`;
}

export function faults(application: Application, around: Surroundings): readonly Explanation[] {
  const conditions = (application.status?.conditions ?? []).filter((condition) => !isToldByOperation(condition, application));
  return conditions.map(({ type, message }) => {
    const next = WAYS_OUT[type]?.(application, message, around) ?? 'look at what the message names';
    return { about: aboutOf(type), says: `${type}: ${message}`, next };
  });
}

/** Whether the operation, of which more is told, says the same: that it is blocked, or how it ended; or has begun anew since. */
function isToldByOperation({ type, message }: ApplicationCondition, application: Application): boolean {
  const state = application.status?.operationState;
  if (type === 'DependencyWarning') return standingOf(application) === 'busy' && (state?.message ?? '').startsWith(BLOCKED);
  if (type !== 'SyncError' || !message.startsWith('Failed last sync attempt to ')) return false;
  if (standingOf(application) === 'busy') return true;
  return state !== undefined && isCompleted(state.phase) && message.includes(state.message ?? '');
}

function aboutOf(type: ApplicationCondition['type']): Explanation['about'] {
  if (type === 'SyncError') return 'automation';
  return type === 'DeletionError' ? 'reconciliation' : 'sync';
}
