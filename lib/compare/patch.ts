// differenceOf: what a row of a comparison would change, to be shown: both states without what never counts, Secrets masked, and a JSON patch.
import jsonPatch, { type Operation } from 'fast-json-patch';
import type { ResourceComparison } from '../model/comparison.ts';
import type { LiveObject, Manifest, ResourceKey } from '../model/manifest.ts';
import { kindOf } from './differences.ts';
import { maskedSecrets } from './mask.ts';
import { cleaned, edited, type NormalizeRules, normalized, UNEDITED } from './normalize.ts';
import { overlay, withoutInherited } from './overlay.ts';

export interface ObjectDifference {
  readonly key: ResourceKey;
  /** As it is now; undefined when it would be created. */
  readonly before: Manifest | undefined;
  /** As it would be; undefined when Git does not have it. */
  readonly after: Manifest | undefined;
  /** RFC 6902, from `before` to `after`; empty when nothing changes. */
  readonly patch: readonly Operation[];
}

export interface ShowRules extends NormalizeRules {
  /** Annotations of Secrets that are not shown either. */
  readonly maskedAnnotations?: readonly string[];
}

/** As much of a row as it takes to show it. */
export type Compared = Pick<ResourceComparison, 'key' | 'target' | 'live' | 'settled'>;

/** `predicted` is the answer of a dry run, if one was made; without it the outcome of an apply is worked out in memory. */
export function differenceOf(row: Compared, predicted: LiveObject | undefined, rules: ShowRules): ObjectDifference {
  return differenceBetween(row.key, statesOf(row, predicted, rules), rules.maskedAnnotations ?? []);
}

/** Two states of one object, as they may be shown. */
export function differenceBetween(key: ResourceKey, states: States, maskedAnnotations: readonly string[]): ObjectDifference {
  const [before, after] = shown(key, states, maskedAnnotations);
  return { key, before, after, patch: jsonPatch.compare({ object: before ?? null }, { object: after ?? null }).map(unwrapped) };
}

type States = readonly [before: Manifest | undefined, after: Manifest | undefined];

function statesOf({ target, live, settled }: Compared, predicted: LiveObject | undefined, rules: NormalizeRules): States {
  if (!target || !live) return [live && whole(live), target && whole(target)];
  const edits = rules.edited ?? UNEDITED;
  const outcome = predicted
    ? withoutInherited(edited(predicted, edits), target, live, rules.takeOver)
    : overlay(edited(target, edits), edited(live, edits), rules.takeOver);
  const [after, before] = normalized(outcome, live, kindOf(target), rules);
  return [before, settled ? before : after];
}

/** An object that comes or goes, with what was written by people. */
function whole(object: Manifest): Manifest {
  const { status: _status, ...rest } = cleaned(object, kindOf(object));
  return rest as Manifest; // of what every object has nothing is taken
}

function shown(key: ResourceKey, [before, after]: States, maskedAnnotations: readonly string[]): States {
  if (key.group !== '' || key.kind !== 'Secret') return [before, after];
  const [maskedBefore, maskedAfter] = maskedSecrets([before, after], maskedAnnotations);
  return [maskedBefore, maskedAfter];
}

/** Objects that come or go are compared as members of a document, which the paths then leave out. */
function unwrapped(operation: Operation): Operation {
  return { ...operation, path: operation.path.slice('/object'.length) };
}
