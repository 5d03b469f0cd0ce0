// The text blocks of `app get`: head, conditions, operation, parameters (spec/cli.md §2, §4).
import { type Application, type ApplicationSource, isAutomated, isMultiSource, sourcesOf } from '../../model/application.ts';
import { withoutUserinfo } from '../../model/git-url.ts';
import { isRecord } from '../../model/manifest.ts';
import type { OperationState, SyncResult } from '../../model/operation.ts';
import { type AssignedWindow, windowState } from '../../policy/sync-windows.ts';
import { clusterOf, projectOf, qualified } from './summary.ts';
import { labelLine, type Paint, type Row } from './table.ts';
import { durationText, timeText } from './times.ts';

const SHA = /^[0-9a-f]{7,40}$/;

/** What is known of an Application's sync windows at the time `now`; `windows` is undefined when its project cannot be read. */
export interface KnownWindows {
  readonly windows: readonly AssignedWindow[] | undefined;
  readonly now: number;
}

/** The head lines, in Argo CD's order. There is no web address to show. */
export function headText(application: Application, known: KnownWindows, paint: Paint): string {
  const { spec, status } = application;
  const lines = [
    labelLine('Name:', qualified(application)),
    labelLine('Project:', projectOf(application)),
    labelLine('Server:', clusterOf(application)),
    labelLine('Namespace:', spec.destination.namespace ?? ''),
    isMultiSource(spec) ? 'Sources:' : 'Source:',
    ...sourcesOf(spec).flatMap(sourceLines),
    ...windowLines(known),
    labelLine('Sync Policy:', policyText(application)),
    labelLine('Sync Status:', comparedText(application), status?.sync?.status, paint),
    labelLine('Health Status:', healthNote(status?.health?.message), status?.health?.status, paint),
  ];
  return `${lines.join('\n')}\n`;
}

/** Header and rows of the conditions; empty when there is none. */
export function conditionRows(application: Application, zone: string): readonly Row[] {
  const conditions = application.status?.conditions ?? [];
  if (conditions.length === 0) return [];
  const rows = conditions.map(({ type, message, lastTransitionTime }) => [type, message, timeText(lastTransitionTime, zone)]);
  return [['CONDITION', 'MESSAGE', 'LAST TRANSITION'], ...rows];
}

/** The block on the last operation; `now` ends the duration of one that still runs. */
export function operationText(state: OperationState, now: number, zone: string, paint: Paint): string {
  const started = Date.parse(state.startedAt);
  const ended = state.finishedAt === undefined ? now : Date.parse(state.finishedAt);
  const lines = [
    labelLine('Operation:', 'Sync'),
    ...(state.syncResult ? [labelLine('Sync Revision:', revisionsOf(state.syncResult).join(', '))] : []),
    labelLine('Phase:', '', state.phase, paint),
    labelLine('Start:', timeText(state.startedAt, zone)),
    labelLine('Finished:', timeText(state.finishedAt, zone)),
    labelLine('Duration:', durationText(ended - started)),
    ...(state.message ? [labelLine('Message:', state.message)] : []),
  ];
  return `${lines.join('\n')}\n`;
}

/** Helm parameters that the Application overrides; `source` is undefined when it has no such source. */
export function parameterRows(source: ApplicationSource | undefined): readonly Row[] {
  const parameters: unknown = source?.helm?.['parameters'];
  const list: readonly unknown[] = Array.isArray(parameters) ? parameters : [];
  return [['NAME', 'VALUE'], ...list.filter(isRecord).map(({ name, value }) => [String(name), String(value)])];
}

function sourceLines(source: ApplicationSource): readonly string[] {
  const valueFiles: unknown = source.helm?.['valueFiles'];
  const namePrefix: unknown = source.kustomize?.['namePrefix'];
  return [
    labelLine('- Repo:', withoutUserinfo(source.repoURL)),
    labelLine('  Target:', source.targetRevision ?? ''),
    ...(source.path ? [labelLine('  Path:', source.path)] : []),
    ...(source.ref ? [labelLine('  Ref:', source.ref)] : []),
    ...(Array.isArray(valueFiles) && valueFiles.length > 0 ? [labelLine('  Helm Values:', valueFiles.join(','))] : []),
    ...(typeof namePrefix === 'string' && namePrefix !== '' ? [labelLine('  Name Prefix:', namePrefix)] : []),
  ];
}

function windowLines({ windows, now }: KnownWindows): readonly string[] {
  if (!windows) return [labelLine('SyncWindow:', 'unknown: the project cannot be read')];
  const assigned = windows.map(({ kind, schedule, duration }) => `${kind}:${schedule}:${duration}`);
  const state = labelLine('SyncWindow:', windowState(windows, now));
  return assigned.length === 0 ? [state] : [state, labelLine('Assigned Windows:', assigned.join(','))];
}

function policyText(application: Application): string {
  const policy = application.spec.syncPolicy;
  if (!isAutomated(policy)) return 'Manual';
  return policy?.automated?.prune ? 'Automated (Prune)' : 'Automated';
}

/** What follows the sync status: ` to main (1a2b3c4)`. */
function comparedText(application: Application): string {
  const sync = application.status?.sync;
  if (sync?.status !== 'Synced' && sync?.status !== 'OutOfSync') return '';
  const revisions = sync.revisions ?? [sync.revision ?? ''];
  const targets = sourcesOf(application.spec).map((source, index) => revisionText(source.targetRevision ?? '', revisions[index] ?? ''));
  return (sync.status === 'Synced' ? ' to ' : ' from ') + targets.join(', ');
}

/** `main (1a2b3c4)`; a target that is a commit already stands alone. */
function revisionText(target: string, revision: string): string {
  return SHA.test(target) || revision.length <= 7 ? target : `${target} (${revision.slice(0, 7)})`;
}

function healthNote(message: string | undefined): string {
  return message ? ` (${message})` : '';
}

function revisionsOf(result: SyncResult): readonly string[] {
  return result.revisions && result.revisions.length > 0 ? result.revisions : [result.revision];
}
