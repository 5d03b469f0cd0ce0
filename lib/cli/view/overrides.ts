// What the settings of an installation make of objects, as text in Argo CD's form (argocd admin settings resource-overrides) or as data.
import { unifiedDiff } from '../../compare/unified.ts';
import type { Health } from '../../model/application.ts';
import { keyOf, type LiveObject } from '../../model/manifest.ts';
import { printYaml } from '../../model/yaml.ts';
import type { IgnoredFields } from '../admin/ignored.ts';
import { differenceSides } from './difference.ts';

export const OVERRIDE_OUTPUTS = ['text', 'json', 'yaml'] as const;
export type OverrideOutput = (typeof OVERRIDE_OUTPUTS)[number];

/** One result an object, in order. */
export function healthText(
  results: readonly { readonly object: LiveObject; readonly health: Health | undefined }[],
  output: OverrideOutput,
): string {
  if (output === 'text') return results.map(({ object, health }) => healthLines(object, health)).join('');
  return data(
    results.map(({ object, health }) => ({ ...keyOf(object), status: health?.status ?? '', message: health?.message ?? '' })),
    output,
  );
}

function healthLines(object: LiveObject, health: Health | undefined): string {
  if (!health) return `Health script is not configured for '${kindText(keyOf(object))}'\n`;
  return `STATUS: ${health.status}\nMESSAGE: ${health.message ?? ''}\n`;
}

/** One result an object, in order. */
export function ignoredText(results: readonly IgnoredFields[], output: OverrideOutput): string {
  if (output === 'text') return results.map(ignoredLines).join('');
  return data(
    results.map(({ key, configured, patch }) => ({ ...key, configured, patch })),
    output,
  );
}

function ignoredLines(result: IgnoredFields): string {
  if (result.patch.length > 0) return `Following fields are ignored:\n\n${unifiedDiff(...differenceSides(result), ['live', 'compared'])}`;
  if (!result.configured) return `Ignore differences are not configured for '${kindText(result.key)}'\n`;
  return 'No fields are ignored by ignoreDifferences settings\n';
}

function kindText({ group, kind }: { readonly group: string; readonly kind: string }): string {
  return `${group}/${kind}`;
}

function data(value: unknown, output: Exclude<OverrideOutput, 'text'>): string {
  return output === 'json' ? `${JSON.stringify(value, undefined, 2)}\n` : printYaml(value);
}
