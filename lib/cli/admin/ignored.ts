// What an installation's rules take away from objects in a file.
import { kindOf } from '../../compare/differences.ts';
import { jqEdits, rulesFor, withoutPointer } from '../../compare/ignore.ts';
import { edited } from '../../compare/normalize.ts';
import { differenceBetween, type ObjectDifference } from '../../compare/patch.ts';
import { ignoreRules } from '../../compare/system-rules.ts';
import { isRecord, keyOf, type LiveObject, type Manifest } from '../../model/manifest.ts';
import type { ResourceSettings } from '../../model/resource-settings.ts';
import type { Scripts } from '../../ports.ts';

export interface IgnoredFields extends ObjectDifference {
  /** Whether the settings have pointers or expressions for the kind, beside that of its status. */
  readonly configured: boolean;
}

/** One for each object, in order: before, and after what is ignored is gone. Throws InvalidInput for an expression that is none. */
export async function ignoredIn(
  objects: readonly LiveObject[],
  settings: ResourceSettings,
  scripts: Scripts,
): Promise<readonly IgnoredFields[]> {
  const rules = ignoreRules(settings);
  const edits = jqEdits(objects, rules);
  const results = edits.length === 0 ? [] : await scripts.without(edits);
  const made = new Map<Manifest, Manifest>(
    edits.flatMap(({ object }, index) => (results[index] ? [[object, results[index]] as const] : [])),
  );
  return objects.map((object) => {
    const mine = rulesFor(rules, kindOf(object), object);
    const rest = mine.flatMap(({ jsonPointers = [] }) => jsonPointers).reduce(withoutPointer, edited(object, made) as unknown);
    const after = { apiVersion: object.apiVersion, kind: object.kind, metadata: {}, ...(isRecord(rest) ? rest : {}) };
    const configured = mine.some(({ field = '' }) => field.startsWith('argocd-cm: ignoreDifferences'));
    return { ...differenceBetween(keyOf(object), [object, after], settings.maskedAnnotations), configured };
  });
}
