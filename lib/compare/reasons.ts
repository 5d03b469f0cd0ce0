// reasonsOf: why an object is not as Git wants it, field by field: what is the matter, who set the field, and which rule ignores it.
import type { Pair } from '../model/comparison.ts';
import { childOf, type FieldTree, isLeaf, stepsOf } from '../model/managed-fields.ts';
import type { LiveObject, ManagedFieldsEntry, Manifest } from '../model/manifest.ts';
import { differences, kindOf } from './differences.ts';
import { type IgnoreRule, rulesFor } from './ignore.ts';
import type { NormalizeRules } from './normalize.ts';
import { type Difference, type Place, rootOf } from './place.ts';
import { placeOf } from './removed.ts';

/** `missing`: the object is not there. `extra`: Git does not have it. `ignored`: by `rule`. The others: see Difference. */
export interface DifferenceReason {
  /** `spec.template.spec.containers[name=web].image`; empty for the whole object. */
  readonly path: string;
  readonly reason: Difference['reason'] | 'missing' | 'extra' | 'ignored';
  /** The clients that set the live field, by their names in managedFields. */
  readonly owners?: readonly string[];
  readonly rule?: string;
}

/** Sorted by path; a field that differs and is ignored comes with the first rule that does it. */
export function reasonsOf(
  { target, live }: Pick<Pair, 'target' | 'live'>,
  rules: NormalizeRules,
  alone: boolean,
): readonly DifferenceReason[] {
  if (!live) return [{ path: '', reason: 'missing' }];
  if (!target) return [{ path: '', reason: 'extra' }];
  const counted = differences(target, live, rules, alone);
  const told = counted.map((difference) => ({ ...difference, ...ownersOf(live, target, difference.path) }));
  const known = new Set(counted.map(({ path }) => path));
  // Without what jq has made of the objects: that is ignored too.
  const { edited: _edited, ...bare } = rules;
  const found = (ignoreDifferences: NormalizeRules['ignoreDifferences']) =>
    differences(target, live, { ...bare, ignoreDifferences }, alone);
  const left = found([]).filter(({ path }) => !known.has(path));
  const ignored = left.map(({ path }): DifferenceReason => {
    const silent = rules.ignoreDifferences.findIndex((rule) => !found([rule]).some((other) => other.path === path));
    const index = silent >= 0 ? silent : rules.ignoreDifferences.findIndex((rule) => concernsWithJq(rule, target));
    const rule = rules.ignoreDifferences[index]?.field ?? `spec.ignoreDifferences[${index}]`;
    return { path, reason: 'ignored', ...ownersOf(live, target, path), rule };
  });
  return [...told, ...ignored].sort((a, b) => (a.path < b.path ? -1 : Number(a.path > b.path)));
}

/** What no other rule ignores is ignored by an expression. */
function concernsWithJq(rule: IgnoreRule, target: Manifest): boolean {
  return (rule.jqPathExpressions ?? []).length > 0 && rulesFor([rule], kindOf(target), target).length > 0;
}

function ownersOf(live: LiveObject, target: Manifest, path: string): { readonly owners?: readonly string[] } {
  const entries = live.metadata.managedFields ?? [];
  const owners = entries.filter((entry) => owns(entry, rootOf(target), path)).map(({ manager = '' }) => manager);
  return owners.length > 0 ? { owners: [...new Set(owners)].sort() } : {};
}

/** A field is its own, part of a value that is owned whole, or holds fields that are owned. */
function owns({ fieldsV1 = {} }: ManagedFieldsEntry, root: Place, path: string): boolean {
  return leavesOf(fieldsV1, root).some((leaf) => leaf === path || isBelow(leaf, path) || isBelow(path, leaf));
}

function isBelow(path: string, above: string): boolean {
  return path.startsWith(`${above}.`) || path.startsWith(`${above}[`);
}

function leavesOf(tree: FieldTree, place: Place): readonly string[] {
  if (isLeaf(tree)) return [place.text];
  return stepsOf(tree).flatMap((step) => leavesOf(childOf(tree, step.text) ?? {}, placeOf(step, place)));
}
