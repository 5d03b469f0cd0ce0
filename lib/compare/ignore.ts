// What people asked not to be compared (`spec.ignoreDifferences`, spec/diff.md §5), as edits of plain data.
import type { ResourceIgnoreDifferences } from '../model/application.ts';
import { globMatches } from '../model/glob.ts';
import { groupVersionOf, isRecord, type Manifest } from '../model/manifest.ts';
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
