// What a sync prunes is kept before it goes, and what is kept is what a restore works from.
import { InvalidInput, messageOf, NotPermitted, Unavailable } from '../model/errors.ts';
import { keyOf, keyText, type LiveObject, objectName, refOf } from '../model/manifest.ts';
import { isAsked, type Operation } from '../model/operation.ts';
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

/** What is kept of an Application in the place of what Git has; a failure when there is nothing. Git itself may be broken meanwhile. */
export async function keptEvaluation(target: Target, spec: Evaluated, operation: Operation, { pruned }: RestorePorts): Promise<Evaluated> {
  const { application, cluster, destination } = target;
  const found = await keptOf(() => pruned.kept(application.metadata, destination.server));
  if ('failure' in found) return { ...found, revisions: [] };
  const objects = found.objects.map(({ object }) => object).filter((object) => isAsked(keyOf(object), operation.sync ?? {}));
  const isWhole = (operation.sync?.resources ?? []).length === 0;
  if (found.unreadable > 0 && (isWhole || objects.length === 0)) return { failure: unreadable(found.unreadable, isWhole), revisions: [] };
  if (objects.length === 0) return { failure: nothingKept(operation), revisions: [] };
  const refs = objects.map(refOf);
  const live = await readLive(cluster, refs, ownerOf(target));
  const asked = new Set(refs.map(keyText));
  const known = new Map([...live].filter(([key]) => asked.has(key)));
  const leaving = [...known.values()].filter(({ metadata }) => metadata.deletionTimestamp).map((object) => objectName(keyOf(object)));
  if (leaving.length > 0) throw new Unavailable(`${leaving.sort().slice(0, NAMED).join(', ')}: still being deleted`);
  const git = isFailure(spec)
    ? { sources: [], rules: comparisonRules(target), desired: { ...NOTHING, revisions: spec.revisions } }
    : { sources: spec.sources, rules: spec.rules, desired: spec.desired };
  return { ...git, hooks: [], live: known, comparison: restoreComparison(objects, known) };
}

/** So many are named. */
const NAMED = 5;

type Kept = Awaited<ReturnType<RestorePorts['pruned']['kept']>>;

/** A store that is not to be had without somebody's doing fails the restore, and not its message. */
async function keptOf(work: () => Promise<Kept>): Promise<Kept | { readonly failure: string }> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof InvalidInput || error instanceof NotPermitted) return { failure: `nothing restored: ${messageOf(error)}` };
    throw error;
  }
}

function unreadable(count: number, isWhole: boolean): string {
  const rest = isWhole ? '; name those that you need with --resource to have the rest' : '';
  return `nothing restored: ${count} of what is kept cannot be opened, as the log says${rest}`;
}

function nothingKept({ sync }: Operation): string {
  const names = (sync?.resources ?? []).map(({ group = '', kind, name }) => `${group}/${kind}/${name}`);
  const which = names.length === 0 ? '' : ` of ${names.join(', ')}`;
  return `nothing to restore: no sync of this Application has pruned anything${which} within the last 24 hours`;
}

const NOTHING = { sourceTypes: [], manifests: [], conditions: [], closure: { sources: [] } };
