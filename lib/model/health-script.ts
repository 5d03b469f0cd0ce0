// healthScript: the health script that an installation has for a kind (spec/health.md §6.2, 1 and 2).
import { globMatches } from './glob.ts';
import type { ResourceOverrides } from './resource-overrides.ts';
import type { HealthScript } from './script.ts';

/**
 * The script under the kind's own key, else under a glob that covers it. Of several globs the one with the most literal characters is
 * taken, of equal ones the first by its text. Undefined when the installation has none.
 */
export function healthScript(
  { overrides }: { readonly overrides: ResourceOverrides },
  { group, kind }: { readonly group: string; readonly kind: string },
): HealthScript | undefined {
  const name = group === '' ? kind : `${group}/${kind}`;
  const scripts = [...overrides].flatMap(([key, { health, useOpenLibs }]) => (health ? [{ key, script: health, useOpenLibs }] : []));
  const exact = scripts.find(({ key }) => key === name);
  const [found] = exact ? [exact] : scripts.filter(({ key }) => globMatches(key, name)).sort(bySpecificity);
  return found && { script: found.script, openLibs: found.useOpenLibs };
}

function bySpecificity({ key: a }: { readonly key: string }, { key: b }: { readonly key: string }): number {
  return literals(b) - literals(a) || (a < b ? -1 : 1);
}

/** Characters that stand for themselves alone; sets stand for one of several. */
function literals(pattern: string): number {
  return pattern.replaceAll(/\[[^\]]*\]|[*?{},\\]/g, '').length;
}
