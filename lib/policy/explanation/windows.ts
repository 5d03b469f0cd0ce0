// Which sync windows keep a sync from going on, and when it may (spec/project.md §7).

import type { Application } from '../../model/application.ts';
import { projectName } from '../spec.ts';
import { blockingWindows, opensAt, type SyncAsked, windowVerdict } from '../sync-windows.ts';
import { type Surroundings, timeText } from './explanation.ts';

/** `says` names the windows, `next` the time; undefined when they let the sync go on, or may not be read. */
export function closedText(
  application: Application,
  { windows = [] }: Surroundings,
  asked: SyncAsked,
): { readonly says: string; readonly next: string } | undefined {
  const blocking = blockingWindows(windows, asked);
  if (blocking.length === 0) return undefined;
  const project = `project '${projectName(application)}'`;
  const verdict = windowVerdict(windows, asked);
  if (!verdict.open && verdict.fault !== undefined) {
    return { says: `a sync window of ${project} that cannot be read keeps it closed: ${verdict.fault}`, next: 'mend the window' };
  }
  const names = blocking.map(({ kind = '', schedule = '', duration = '', timeZone, field }) => {
    return `${field} (${kind} '${schedule}' for ${duration}${timeZone ? `, ${timeZone}` : ''})`;
  });
  const at = opensAt(windows, asked);
  return {
    says: `${names.join(', ')} of ${project} ${blocking.length === 1 ? 'keeps' : 'keep'} it closed`,
    next: at === undefined ? `no time is in sight at which it opens: change the windows of ${project}` : `it opens at ${timeText(at)}`,
  };
}
