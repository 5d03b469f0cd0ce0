// Sync options as people write them, `Key=value`, on the operation and on single objects (spec/sync.md §6).
import { SYNC_OPTIONS } from './annotations.ts';
import type { Propagation } from './manifest.ts';
import { annotationList, type Manifest } from './manifest.ts';

/** The value of the first `Key=` in a list of options. */
export function optionValue(options: readonly string[], key: string): string | undefined {
  const prefix = `${key}=`;
  return options.find((option) => option.startsWith(prefix))?.slice(prefix.length);
}

export function hasOption(options: readonly string[], option: string): boolean {
  return options.includes(option);
}

export function objectOptions(manifest: Manifest | undefined): readonly string[] {
  return manifest ? annotationList(manifest, SYNC_OPTIONS) : [];
}

/** The effective value of an option that an object may set for itself. */
export function effectiveOption(manifest: Manifest | undefined, options: readonly string[], key: string): string | undefined {
  return optionValue(objectOptions(manifest), key) ?? optionValue(options, key);
}

/** Whether fields that a kind does not have are left out of what is sent, instead of refused. */
export function isLenient(options: readonly string[], target: Manifest | undefined): boolean {
  return hasOption(options, 'Validate=false') || hasOption(objectOptions(target), 'Validate=false');
}

const PROPAGATIONS: Readonly<Record<string, Propagation>> = { foreground: 'Foreground', background: 'Background', orphan: 'Orphan' };

/** `PrunePropagationPolicy`, foreground unless set otherwise. */
export function propagationOf(options: readonly string[]): Propagation {
  return PROPAGATIONS[optionValue(options, 'PrunePropagationPolicy') ?? ''] ?? 'Foreground';
}
