// What people asked not to be compared (`spec.ignoreDifferences`, spec/diff.md §5), as edits of plain data.
import type { ResourceIgnoreDifferences } from '../model/application.ts';
import { globMatches } from '../model/glob.ts';
import { childOf, type FieldTree, isLeaf, stepsOf } from '../model/managed-fields.ts';
import { groupVersionOf, isRecord, type LiveObject, type Manifest } from '../model/manifest.ts';
import type { Edit } from '../model/script.ts';
import type { Kind } from './schema.ts';

/** A rule, and how messages name it where it is not the Application's own one at its place. */
export type IgnoreRule = ResourceIgnoreDifferences & { readonly field?: string };

/** The rules that speak of an object: group and kind are globs (no group is the core group), name and namespace exact or empty. */
export function rulesFor<Rule extends ResourceIgnoreDifferences>(
  rules: readonly Rule[],
  { group, kind }: Kind,
  { metadata }: Manifest,
): readonly Rule[] {
  return rules.filter(
    (rule) =>
      globMatches(rule.group ?? '', group) &&
      globMatches(rule.kind, kind) &&
      (!rule.name || rule.name === metadata.name) &&
      (!rule.namespace || rule.namespace === metadata.namespace),
  );
}

/** What jq has to take out of which objects before they are compared; none for objects of which no rule with an expression speaks. */
export function jqEdits(objects: readonly Manifest[], rules: readonly IgnoreRule[]): readonly Edit[] {
  const named = rules.map((rule, index) => ({ ...rule, field: `${rule.field ?? `spec.ignoreDifferences[${index}]`}.jqPathExpressions` }));
  const edits = objects.map((object) => {
    const { group } = groupVersionOf(object.apiVersion);
    const mine = rulesFor(named, { group, kind: object.kind }, object);
    const expressions = mine.flatMap(({ field, jqPathExpressions }) =>
      (jqPathExpressions ?? []).map((expression, index) => ({ field: `${field}[${index}]`, expression })),
    );
    return { object, expressions };
  });
  return edits.filter(({ expressions }) => expressions.length > 0);
}

/** The value without what a JSON pointer (RFC 6901) names. A pointer to nothing, or that is none, changes nothing. */
export function withoutPointer(value: unknown, pointer: string): unknown {
  if (!pointer.startsWith('/')) return value;
  const steps = pointer.slice(1).split('/');
  return without(
    value,
    steps.map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~')),
  );
}

function without(value: unknown, [step = '', ...rest]: readonly string[]): unknown {
  if (Array.isArray(value)) return withoutItem(value, step, rest);
  if (!isRecord(value) || !Object.hasOwn(value, step)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, member]) => {
      if (name !== step) return [[name, member]];
      return rest.length === 0 ? [] : [[name, without(member, rest)]];
    }),
  );
}

/** A negative index counts from the end. */
function withoutItem(list: readonly unknown[], step: string, rest: readonly string[]): readonly unknown[] {
  if (!/^-?\d{1,9}$/.test(step)) return list;
  const index = Number(step) < 0 ? list.length + Number(step) : Number(step);
  return list.flatMap((item, at) => {
    if (at !== index) return [item];
    return rest.length === 0 ? [] : [without(item, rest)];
  });
}

/**
 * Both sides without the fields that differ and that a trusted manager set: fields that both have, with other values (spec/diff.md §5.1).
 * `live` carries the managedFields.
 */
export function withoutTrusted(
  sides: readonly [desired: unknown, live: unknown],
  live: LiveObject,
  managers: readonly string[],
): readonly [unknown, unknown] {
  const trusted = (live.metadata.managedFields ?? []).filter((entry) => managers.includes(entry.manager ?? ''));
  return trusted.reduce<readonly [unknown, unknown]>((both, entry) => withoutDiffering(both, entry.fieldsV1 ?? {}), sides);
}

function withoutDiffering([desired, live]: readonly [unknown, unknown], tree: FieldTree): readonly [unknown, unknown] {
  if (Array.isArray(desired) && Array.isArray(live)) return withoutDifferingItems(desired, live, tree);
  if (!isRecord(desired) || !isRecord(live)) return [desired, live];
  const left = new Map(Object.entries(desired));
  const right = new Map(Object.entries(live));
  for (const step of stepsOf(tree)) {
    if (step.kind !== 'field' || !left.has(step.name) || !right.has(step.name)) continue;
    const kept = memberWithoutDiffering([left.get(step.name), right.get(step.name)], childOf(tree, step.text) ?? {});
    if (kept) {
      left.set(step.name, kept[0]);
      right.set(step.name, kept[1]);
    } else {
      left.delete(step.name);
      right.delete(step.name);
    }
  }
  return [Object.fromEntries(left), Object.fromEntries(right)];
}

/** Undefined when the field itself is the manager's and differs. */
function memberWithoutDiffering(sides: readonly [unknown, unknown], node: FieldTree): readonly [unknown, unknown] | undefined {
  if (!isLeaf(node)) return withoutDiffering(sides, node);
  return JSON.stringify(sides[0]) === JSON.stringify(sides[1]) ? sides : undefined;
}

function withoutDifferingItems(
  desired: readonly unknown[],
  live: readonly unknown[],
  tree: FieldTree,
): readonly [readonly unknown[], readonly unknown[]] {
  const left = [...desired];
  const right = [...live];
  for (const step of stepsOf(tree)) {
    if (step.kind !== 'item') continue;
    const [from, to] = [left, right].map((list) => list.findIndex((item) => carries(item, step.key)));
    if (from === undefined || to === undefined || from < 0 || to < 0) continue;
    const [before, after] = withoutDiffering([left[from], right[to]], childOf(tree, step.text) ?? {});
    left[from] = before;
    right[to] = after;
  }
  return [left, right];
}

/** A key field that an item leaves out is one that the API fills in. */
function carries(item: unknown, key: Readonly<Record<string, unknown>>): boolean {
  return isRecord(item) && Object.entries(key).every(([field, part]) => (item[field] ?? part) === part);
}
