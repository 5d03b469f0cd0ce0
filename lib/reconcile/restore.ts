// What a sync prunes is kept before it goes, and what is kept is what a restore works from.
import { InvalidInput, messageOf, NotPermitted, Unavailable } from '../model/errors.ts';
import { keyOf, keyText, type LiveObject, objectName, refOf } from '../model/manifest.ts';
import { isAsked, type OperationState, type SyncOperation, type SyncOperationResource } from '../model/operation.ts';
import { restoreComparison } from '../sync/restore.ts';
import { type Evaluated, isFailure } from './evaluate.ts';
import { comparisonRules } from './judge.ts';
import { readLive } from './live.ts';
import type { ReconcilePorts } from './ports.ts';
import { ownerOf, type Target } from './target.ts';

type RestorePorts = Pick<ReconcilePorts, 'pruned'>;

/** Throws Unavailable when it may be kept later, InvalidInput when somebody has to mend the store first: nothing goes that could not come back. */
export async function keepPruned({ application, destination }: Target, live: LiveObject, { pruned }: RestorePorts): Promise<void> {
  try {
    await pruned.keep(application.metadata, destination.server, live);
  } catch (error) {
    if (error instanceof Unavailable) throw error;
    throw new InvalidInput(`not pruned, since it cannot be kept for a restore: ${messageOf(error)}`);
  }
}

/** What is still going is waited for so long; after that the rest comes back without it. */
const PATIENCE_MS = 120_000;

type KeptPorts = Pick<ReconcilePorts, 'pruned' | 'clock'>;

/**
 * What is kept of an Application in the place of what Git has; a failure when there is nothing, or not all that was named. Git itself may be
 * broken meanwhile. Throws Unavailable while something of it is still going.
 */
export async function keptEvaluation(target: Target, spec: Evaluated, state: OperationState, ports: KeptPorts): Promise<Evaluated> {
  const found = await asFailure(() => keptAndLive(target, state.operation.sync ?? {}, ports));
  if ('failure' in found) return { ...found, revisions: [] };
  const { objects, live } = found;
  const leaving = [...live.values()].filter(({ metadata }) => metadata.deletionTimestamp).map((object) => objectName(keyOf(object)));
  if (leaving.length > 0 && isWaitedFor(state, target, ports.clock()))
    throw new Unavailable(`${leaving.sort().slice(0, NAMED).join(', ')}: still being deleted`);
  const git = isFailure(spec)
    ? { sources: [], rules: comparisonRules(target), desired: { ...NOTHING, revisions: spec.revisions } }
    : { sources: spec.sources, rules: spec.rules, desired: spec.desired };
  return { ...git, hooks: [], live, comparison: restoreComparison(objects, live) };
}

function isWaitedFor({ phase, startedAt, operation }: OperationState, { application }: Target, now: number): boolean {
  if (phase === 'Terminating' || operation.sync?.dryRun || application.metadata.deletionTimestamp !== undefined) return false;
  return now - Date.parse(startedAt) < PATIENCE_MS;
}

interface Found {
  readonly objects: readonly LiveObject[];
  /** Those of them that are there, by `keyText`. */
  readonly live: ReadonlyMap<string, LiveObject>;
}

async function keptAndLive(target: Target, sync: SyncOperation, { pruned }: KeptPorts): Promise<Found | Fault> {
  const { application, cluster, destination } = target;
  const { objects: all, unreadable } = await pruned.kept(application.metadata, destination.server);
  const objects = all.map(({ object }) => object).filter((object) => isAsked(keyOf(object), sync));
  const { resources = [] } = sync;
  const missing = resources.filter((named) => !objects.some((object) => isAsked(keyOf(object), { resources: [named] })));
  if (missing.length > 0 || (resources.length === 0 && (unreadable > 0 || objects.length === 0)))
    return { failure: reasonOf(missing, unreadable) };
  const refs = objects.map(refOf);
  const asked = new Set(refs.map(keyText));
  const live = await readLive(cluster, refs, ownerOf(target));
  return { objects, live: new Map([...live].filter(([key]) => asked.has(key))) };
}

/** So many are named. */
const NAMED = 5;

interface Fault {
  readonly failure: string;
}

/** A store, or a cluster, that is not to be had without somebody's doing fails the restore, and not its message. */
async function asFailure(work: () => Promise<Found | Fault>): Promise<Found | Fault> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof InvalidInput || error instanceof NotPermitted) return { failure: `nothing restored: ${messageOf(error)}` };
    throw error;
  }
}

/** `missing`: of what was named. */
function reasonOf(missing: readonly SyncOperationResource[], unreadable: number): string {
  const opened = `${unreadable} of what is kept cannot be opened, as the log says`;
  if (missing.length === 0 && unreadable > 0)
    return `nothing restored: ${opened}; name those that you need with --resource to have the rest`;
  const names = missing.map(({ group = '', kind, name }) => `${group}/${kind}/${name}`);
  const which = names.length === 0 ? '' : ` of ${names.join(', ')}`;
  const none = `nothing to restore: no sync of this Application has pruned anything${which} within the last 24 hours`;
  return unreadable > 0 ? `${none}; ${opened}` : none;
}

const NOTHING = { sourceTypes: [], manifests: [], conditions: [], closure: { sources: [] } };
