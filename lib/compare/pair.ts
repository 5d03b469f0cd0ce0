// pairObjects: which live object belongs to which manifest (spec/diff.md §3, §6).
import type { Pair } from '../model/comparison.ts';
import { hookTypes, isHook } from '../model/hook.ts';
import { groupVersionOf, keyOf, keyText, type LiveObject, type Manifest } from '../model/manifest.ts';

/**
 * Targets with their live objects, then the live objects that nothing in Git names. Namespaces are settled already.
 * A hook makes a pair only while it is live: one that has not run is no difference (spec/diff.md §6).
 */
export function pairObjects(targets: readonly Manifest[], live: readonly LiveObject[]): readonly Pair[] {
  const rest = new Map(live.map((object) => [keyText(keyOf(object)), object]));
  const pairs = targets.flatMap((target, index) => {
    const key = targetKey(target, index);
    const text = keyText(key);
    const found = rest.get(text);
    if (isHook(target) && (!found || hookTypes(target).length === 0)) return [];
    rest.delete(text);
    return [{ key, version: groupVersionOf(target.apiVersion).version, target, live: found }];
  });
  const extra = [...rest.values()].map((object) => ({
    key: keyOf(object),
    version: groupVersionOf(object.apiVersion).version,
    target: undefined,
    live: object,
  }));
  return [...pairs, ...extra];
}

/** An object that has only `generateName` is a new one each time: its key names no live object (spec/diff.md §3). */
function targetKey(target: Manifest, index: number) {
  const key = keyOf(target);
  return key.name === '' ? { ...key, name: `${target.metadata.generateName ?? ''}${index}` } : key;
}
