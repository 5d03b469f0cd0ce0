// Whether equal content came out equal: a chart that uses random or time functions is told from one that does not, without rendering twice.
import { createHash } from 'node:crypto';
import type { Closure } from '../model/desired.ts';
import { keyOf, type Manifest } from '../model/manifest.ts';
import type { Output } from './render-key.ts';

/**
 * What counts as the output of a content. Where it is rendered again and differs, what was rendered first stays, so that nothing is
 * OutOfSync for ever; `before`: that output, if it is still known; `closure`: what the last render left with the Application.
 */
export function settledOutput(
  manifests: readonly Manifest[],
  before: Output | undefined,
  content: string,
  closure: Closure | undefined,
): Output {
  if (before) {
    const differs = differingObjects(before.manifests, manifests);
    return { manifests: before.manifests, differs: [...new Set([...before.differs, ...differs])].sort() };
  }
  const last = closure?.sources.find(({ render }) => render?.content === shortKey(content))?.render;
  const changed = last !== undefined && last.output !== outputHash(manifests);
  return { manifests, differs: changed ? ['what it rendered to before is not known any more'] : [] };
}

/** Enough of a key to tell one content of an Application from another. */
export function shortKey(key: string): string {
  return key.slice(0, 24);
}

export function outputHash(manifests: readonly Manifest[]): string {
  return createHash('sha256').update(JSON.stringify(manifests)).digest('hex').slice(0, 16);
}

/** The objects of which two renders disagree, by kind and name; no value is told. */
function differingObjects(before: readonly Manifest[], after: readonly Manifest[]): readonly string[] {
  const texts = (manifests: readonly Manifest[]) => new Map(manifests.map((manifest) => [nameOf(manifest), JSON.stringify(manifest)]));
  const [left, right] = [texts(before), texts(after)];
  return [...new Set([...left.keys(), ...right.keys()])].filter((name) => left.get(name) !== right.get(name));
}

function nameOf(manifest: Manifest): string {
  const { group, kind, namespace } = keyOf(manifest);
  return [group, kind, namespace, manifest.metadata.name ?? manifest.metadata.generateName ?? ''].filter((part) => part !== '').join('/');
}
