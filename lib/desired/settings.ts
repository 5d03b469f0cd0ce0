// What an installation lets sources do: `argocd-cm` in Argo CD's keys (spec/application.md §2, spec/rendering.md §3.4, §5), and ours.
import { InvalidInput } from '../model/errors.ts';
import type { RemoteBases } from '../model/remote-bases.ts';

export interface RenderSettings {
  readonly kustomize: boolean;
  readonly helm: boolean;
  readonly jsonnet: boolean;
  readonly loadRestrictionsNone: boolean;
  readonly enableHelm: boolean;
  readonly valuesFileSchemes: readonly string[];
  readonly remoteBases: RemoteBases;
}

/** Options that change nothing of what is rendered here. */
const WITHOUT_EFFECT = new Set(['--enable-alpha-plugins=false', '--enable-exec=false', '--reorder=none']);

/**
 * `data` of `argocd-cm`, if there is one. Build options come from an allow-list: others are refused by name, since they would start programs
 * or open the network. Throws InvalidInput that names the key.
 */
export function renderSettings(data: Readonly<Record<string, string>>, remoteBases: RemoteBases): RenderSettings {
  return {
    kustomize: enabled(data['kustomize.enable']),
    helm: enabled(data['helm.enable']),
    jsonnet: enabled(data['jsonnet.enable']),
    ...buildOptions(data['kustomize.buildOptions'] ?? ''),
    valuesFileSchemes: (data['helm.valuesFileSchemes'] ?? 'https,http').split(',').flatMap((scheme) => scheme.trim() || []),
    remoteBases,
  };
}

/** Any text but `true` turns it off; none leaves it on. */
function enabled(text: string | undefined): boolean {
  return text === undefined || text === '' || text === 'true';
}

function buildOptions(text: string): Pick<RenderSettings, 'loadRestrictionsNone' | 'enableHelm'> {
  const options = text.split(/\s+/).filter((option) => option !== '' && !WITHOUT_EFFECT.has(option));
  const joined = options.join(' ').replaceAll('--load-restrictor ', '--load-restrictor=').split(' ');
  const wanted = { loadRestrictionsNone: false, enableHelm: false };
  for (const option of joined.filter((word) => word !== '')) {
    if (option === '--load-restrictor=LoadRestrictionsNone') wanted.loadRestrictionsNone = true;
    else if (/^--enable-helm(=true|=false)?$/.test(option)) wanted.enableHelm = !option.endsWith('=false');
    else if (option !== '--load-restrictor=LoadRestrictionsRootOnly')
      throw new InvalidInput(`argocd-cm: kustomize.buildOptions: ${option} is not supported; --load-restrictor and --enable-helm are`);
  }
  return wanted;
}
