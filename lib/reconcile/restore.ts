// What a sync prunes is kept before it goes, and what is kept is what a restore works from.
import { InvalidInput, messageOf, Unavailable } from '../model/errors.ts';
import { keyOf, keyText, type LiveObject, refOf } from '../model/manifest.ts';
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
  const all = await pruned.kept(application.metadata, destination.server);
  const objects = all.map(({ object }) => object).filter((object) => isAsked(keyOf(object), operation.sync ?? {}));
  if (objects.length === 0) return { failure: nothingKept(operation), revisions: [] };
  const refs = objects.map(refOf);
  const live = await readLive(cluster, refs, ownerOf(target));
  const asked = new Set(refs.map(keyText));
  const known = new Map([...live].filter(([key]) => asked.has(key)));
  const git = isFailure(spec)
    ? { sources: [], rules: comparisonRules(target), desired: { ...NOTHING, revisions: spec.revisions } }
    : { sources: spec.sources, rules: spec.rules, desired: spec.desired };
  return { ...git, hooks: [], live: known, comparison: restoreComparison(objects, known) };
}

function nothingKept({ sync }: Operation): string {
  const names = (sync?.resources ?? []).map(({ group = '', kind, name }) => `${group}/${kind}/${name}`);
  const which = names.length === 0 ? '' : ` of ${names.join(', ')}`;
  return `nothing to restore: no sync of this Application has pruned anything${which} within the last 24 hours`;
}

const NOTHING = { sourceTypes: [], manifests: [], conditions: [], closure: { sources: [] } };
