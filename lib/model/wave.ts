// The wave of an object (spec/sync.md §2.2).
import { HELM_HOOK_WEIGHT, SYNC_WAVE } from './annotations.ts';
import { annotationOf, type Manifest } from './manifest.ts';

/** `sync-wave` when it is an integer, else Helm's hook weight, else 0. */
export function waveOf(manifest: Manifest): number {
  return integer(annotationOf(manifest, SYNC_WAVE)) ?? integer(annotationOf(manifest, HELM_HOOK_WEIGHT)) ?? 0;
}

/** Whether a text says a wave. */
export function isWave(text: string): boolean {
  return integer(text) !== undefined;
}

function integer(text: string | undefined): number | undefined {
  return text !== undefined && /^[+-]?\d{1,15}$/.test(text) ? Number(text) : undefined;
}
