// What explains an Application, and the commands that help with an object.
import type { Application, ResourceStatus } from '../../model/application.ts';
import type { AssignedWindow } from '../sync-windows.ts';

export type ExplainedObject = Pick<ResourceStatus, 'group' | 'kind' | 'namespace' | 'name'>;

export interface Explanation {
  readonly about: 'reconciliation' | 'sync' | 'health' | 'operation' | 'automation';
  /** The object that it is about; the Application itself when absent. */
  readonly object?: ExplainedObject;
  readonly says: string;
  /** What would change it. */
  readonly next: string;
}

/** What is not in the Application itself. */
export interface Surroundings {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** The sync windows that concern it; undefined when they may not be read. */
  readonly windows: readonly AssignedWindow[] | undefined;
}

export function syncCommand({ metadata }: Application, flags = ''): string {
  return `evenkeel app sync ${metadata.name}${flags}`;
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
