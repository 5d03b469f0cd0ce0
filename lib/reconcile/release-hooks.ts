// releaseHooks: an operation that ends before its steps could lets go the hooks that it leaves running.
import { messageOf } from '../model/errors.ts';
import { isHeld } from '../model/hook.ts';
import type { OperationState } from '../model/operation.ts';
import { inParallel } from '../sync/parallel.ts';
import { released } from '../sync/release.ts';
import type { ReconcilePorts } from './ports.ts';
import type { Target } from './target.ts';

const AT_ONCE = 10;

/** Takes the finalizer off each hook that a row of the operation calls Running; what cannot be let go now is left to the next operation. */
export async function releaseHooks({ cluster }: Target, { syncResult }: OperationState, { log }: ReconcilePorts): Promise<void> {
  const running = (syncResult?.resources ?? []).filter(({ hookType, hookPhase }) => hookType && hookPhase === 'Running');
  await inParallel(running, AT_ONCE, async ({ group, version, kind, namespace, name }) => {
    try {
      const live = await cluster.get({ group, version, kind, namespace, name });
      if (live && isHeld(live)) await released(cluster, live);
    } catch (error) {
      log.warn('hook not released', { kind, namespace, name, message: messageOf(error) });
    }
  });
}
