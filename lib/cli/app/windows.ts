// The sync windows that concern an Application, as its project in the control cluster names them (spec/project.md §7).
import type { Application } from '../../model/application.ts';
import { NotPermitted } from '../../model/errors.ts';
import { timeText } from '../../policy/explanation/explanation.ts';
import { projectName } from '../../policy/spec.ts';
import { type AssignedWindow, opensAt, windowsOf, windowVerdict } from '../../policy/sync-windows.ts';
import type { Session } from '../shell.ts';

/** Undefined when the user may not read the project; none when there is no such project. */
export async function assignedWindows(session: Session, application: Application): Promise<readonly AssignedWindow[] | undefined> {
  try {
    const project = await session.project(projectName(application));
    return project ? windowsOf(application, project) : [];
  } catch (thrown) {
    if (thrown instanceof NotPermitted) return undefined;
    throw thrown;
  }
}

/** Why a sync that a person asks for may not begin; `now` is milliseconds since the epoch. */
export function windowRefusal(windows: readonly AssignedWindow[] | undefined, now: number): string | undefined {
  const asked = { manual: true, now };
  const verdict = windowVerdict(windows ?? [], asked);
  if (verdict.open) return undefined;
  if (verdict.fault !== undefined) return `cannot sync: invalid sync window: ${verdict.fault}`;
  const at = opensAt(windows ?? [], asked);
  const when = at === undefined ? 'no time is in sight at which it opens' : `it opens at ${timeText(at)}`;
  return `cannot sync: blocked by sync window; ${when}`;
}
