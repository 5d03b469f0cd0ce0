// judge: desired beside live -> their comparison. Rules decide; this file asks scripts and dry runs for them.
import { type ComparisonRules, compare, comparedObjects, healthChecks, judgeInMemory, suspects } from '../compare/compare.ts';
import { type IgnoreRule, jqEdits } from '../compare/ignore.ts';
import { knownFields } from '../compare/known-fields.ts';
import { keptNamespace } from '../compare/managed-namespace.ts';
import { ignoreRules } from '../compare/system-rules.ts';
import { COMPARE_OPTIONS, MIGRATION_MANAGER } from '../model/annotations.ts';
import { type Application, qualifiedName } from '../model/application.ts';
import type { Comparison, Pair } from '../model/comparison.ts';
import { Unavailable } from '../model/errors.ts';
import { healthScript } from '../model/health-script.ts';
import type { TakeOver } from '../model/managed-fields.ts';
import { annotationList, annotationOf, keyText, type LiveObject, type Manifest } from '../model/manifest.ts';
import { isLenient } from '../model/sync-options.ts';
import { resourceRefusal } from '../policy/project.ts';
import type { Cluster, Scripts } from '../ports.ts';
import { asSent } from '../sync/apply.ts';
import { asked } from './healths.ts';
import { ownerOf, type Target } from './target.ts';

export interface JudgePorts {
  readonly scripts: Scripts;
}

export interface Judged {
  readonly comparison: Comparison;
  /** By which it was compared, with what scripts said. */
  readonly rules: ComparisonRules;
}

/**
 * Compares in memory, and lets a dry run judge only what looks different; `known` holds by `keyText` what is known of the suspects already,
 * and then nothing is asked of the cluster. Throws InvalidInput for an expression that is none, Unavailable when the cluster does not answer.
 */
export async function judge(
  target: Target,
  pairs: readonly Pair[],
  { scripts }: JudgePorts,
  known?: ReadonlyMap<string, LiveObject>,
): Promise<Judged> {
  const plain = comparisonRules(target);
  const edited = await withEdits(plain, comparedObjects(pairs, plain), scripts);
  const memory = judgeInMemory(pairs, edited);
  const predicted = known ?? (await dryRuns(target.cluster, suspects(pairs, edited, memory), plain.syncOptions));
  const rules = { ...(await withEdits(edited, [...predicted.values()], scripts)), scripted: await scripted(target, pairs, plain, scripts) };
  return { comparison: compare(pairs, predicted, rules, memory), rules };
}

/** What the scripts of the installation say of live objects, by `keyText`. */
async function scripted({ resources }: Target, pairs: readonly Pair[], rules: ComparisonRules, scripts: Scripts) {
  const checks = [...healthChecks(pairs, rules, (kind) => healthScript(resources, kind))];
  const said = checks.length === 0 ? [] : await scripts.health(checks.map(([, check]) => asked(check, resources)));
  return new Map(checks.flatMap(([key], index) => (said[index] ? [[key, said[index]] as const] : [])));
}

/** The rules with what jq makes of these objects too. */
export async function withEdits(rules: ComparisonRules, objects: readonly Manifest[], scripts: Scripts): Promise<ComparisonRules> {
  const edits = jqEdits(objects, rules.ignoreDifferences);
  if (edits.length === 0) return rules;
  const results = await scripts.without(edits);
  const made = edits.flatMap(({ object }, index) => (results[index] ? [[object, results[index]] as const] : []));
  return { ...rules, edited: new Map([...(rules.edited ?? []), ...made]) };
}

/** The rules that fields are ignored by: the Application's, then the installation's. */
export function ignoredFields({ application, resources }: Target): readonly IgnoreRule[] {
  return [...(application.spec.ignoreDifferences ?? []), ...ignoreRules(resources)];
}

/** Whose fields an Application lets us take over; `options` are the sync options that count. */
export function takeOverIn(application: Application, options: readonly string[]): TakeOver {
  const manager = annotationOf(application, MIGRATION_MANAGER) || undefined;
  return { off: options.includes('ClientSideApplyMigration=false'), manager };
}

export function comparisonRules(target: Target): ComparisonRules {
  const { application, project, destination, resources } = target;
  const { instance, tracking } = ownerOf(target);
  const options = annotationList(application, COMPARE_OPTIONS);
  return {
    application: qualifiedName(application.metadata),
    instanceName: instance,
    tracking,
    ignoreDifferences: ignoredFields(target),
    ignoreAggregatedRoles: resources.compareOptions.ignoreAggregatedRoles,
    knownFields: knownFields(resources.overrides),
    takeOver: takeOverIn(application, application.spec.syncPolicy?.syncOptions ?? []),
    syncOptions: application.spec.syncPolicy?.syncOptions ?? [],
    applicationUid: application.metadata.uid,
    namespace: keptNamespace(application, destination.namespace),
    alone: options.includes('ServerSideDiff=false'),
    includeMutations: options.includes('IncludeMutationWebhook=true'),
    permitted: (key) => resourceRefusal(project, key, key.namespace !== '', destination) === undefined,
  };
}

/** What a server-side apply would make of each suspect; a refused dry run leaves it to the comparison in memory. */
async function dryRuns(cluster: Cluster, pairs: readonly Pair[], options: readonly string[]): Promise<ReadonlyMap<string, LiveObject>> {
  const answers = await Promise.all(pairs.map((pair) => dryRun(cluster, pair, options)));
  return new Map(answers.filter((answer) => answer !== undefined));
}

async function dryRun(cluster: Cluster, pair: Pair, options: readonly string[]): Promise<readonly [string, LiveObject] | undefined> {
  if (!pair.target) return undefined;
  try {
    return [keyText(pair.key), await cluster.apply(asSent(pair.target), { dryRun: true, lenient: isLenient(options, pair.target) })];
  } catch (error) {
    if (error instanceof Unavailable) throw error;
    return undefined;
  }
}
