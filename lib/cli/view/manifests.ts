// Manifests as text: what `app manifests` prints (spec/cli.md §6), and names as kubectl prints them.
import { gvkOf, type Manifest } from '../../model/manifest.ts';
import { printYaml } from '../../model/yaml.ts';

export const MANIFEST_OUTPUTS = ['yaml', 'json', 'name'] as const;
export type ManifestOutput = (typeof MANIFEST_OUTPUTS)[number];

export function manifestsText(manifests: readonly Manifest[], output: ManifestOutput): string {
  switch (output) {
    case 'yaml':
      return manifests.map((manifest) => `---\n${printYaml(manifest)}`).join('');
    case 'json':
      return `${JSON.stringify(manifests, undefined, 2)}\n`;
    case 'name':
      return manifests.map((manifest) => `${nameOf(manifest)}\n`).join('');
  }
}

/** `deployment.apps/web`, `configmap/settings`. */
function nameOf(manifest: Manifest): string {
  const { group, kind } = gvkOf(manifest);
  const { name, generateName = '' } = manifest.metadata;
  return `${kind.toLowerCase()}${group === '' ? '' : `.${group}`}/${name ?? generateName}`;
}
