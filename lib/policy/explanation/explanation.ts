// What explains an Application, and the commands that help with an object.
import { SKIP_RECONCILE } from '../../model/annotations.ts';
import type { Application, ResourceStatus } from '../../model/application.ts';
import { parseBool } from '../../model/bool.ts';
import { annotationOf } from '../../model/manifest.ts';
import { type AssignedWindow, opensAt, windowVerdict } from '../sync-windows.ts';

export type ExplainedObject = Pick<ResourceStatus, 'group' | 'kind' | 'namespace' | 'name'>;

export interface Explanation {
  readonly about: 'reconciliation' | 'sync' | 'health' | 'operation' | 'automation';
  /** The object that it is about; the Application itself when absent. */
  readonly object?: ExplainedObject;
  readonly says: string;
  /** What would change it; absent where another explanation already says what comes first. */
  readonly next?: string;
}

/** What is not in the Application itself. */
export interface Surroundings {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** The sync windows that concern it; undefined when they may not be read. */
  readonly windows: readonly AssignedWindow[] | undefined;
  /** Whether `app diff` can show the fields that differ, as far as is known. */
  readonly canDiff: boolean;
}

/** The command that syncs it, with until when its sync windows would refuse it. */
export function syncCommand(application: Application, around: Surroundings, flags = ''): string {
  const command = `evenkeel app sync ${application.metadata.name}${flags}`;
  const [windows, asked] = [around.windows ?? [], { manual: true, now: around.now }];
  if (windowVerdict(windows, asked).open) return command;
  const at = opensAt(windows, asked);
  return `${command} (its sync windows refuse it ${at === undefined ? 'now' : `until ${timeText(at)}`})`;
}

export function isLeftAlone(application: Application): boolean {
  return parseBool(annotationOf(application, SKIP_RECONCILE)) === true;
}

/** Whether it takes a sync: `busy` with another one, or `closed` to any, as it is being deleted or left alone. */
export function standingOf(application: Application): 'idle' | 'busy' | 'closed' {
  if (application.metadata.deletionTimestamp || isLeftAlone(application)) return 'closed';
  return application.operation ? 'busy' : 'idle';
}

export function objectOf({ group, kind, namespace, name }: ExplainedObject): ExplainedObject {
  return { ...(group ? { group } : {}), kind, ...(namespace ? { namespace } : {}), name };
}

/** Shows an object and its events. */
export function describeCommand({ group, kind, namespace, name }: ExplainedObject): string {
  return `kubectl ${namespace ? `-n ${namespace} ` : ''}describe ${kind}${group ? `.${group}` : ''} ${name}`;
}

/** Shows what a program says, where the object runs one itself; else as `describeCommand`. */
export function lookCommand(object: ExplainedObject): string {
  const { kind, namespace, name } = object;
  return kind === 'Job' || kind === 'Pod' ? `kubectl -n ${namespace} logs ${kind.toLowerCase()}/${name}` : describeCommand(object);
}

/** A time as status has it. */
export function timeText(at: number): string {
  return new Date(at).toISOString().replace(/\.\d+Z$/, 'Z');
}
