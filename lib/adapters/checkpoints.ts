// The Checkpoints port on ConfigMaps of the control cluster: one each, its text compressed when it grows large.
import { gunzipSync, gzipSync } from 'node:zlib';
import { InvalidInput } from '../model/errors.ts';
import { isRecord, type LiveObject } from '../model/manifest.ts';
import type { Checkpoints, Cluster, ObjectRef } from '../ports.ts';

const PLAIN_BYTES = 256 * 1024;
// A ConfigMap holds 1 MiB (Kubernetes, "ConfigMaps"); some of it is for names and for managedFields.
const MOST_BYTES = 1000 * 1024;
// What a text may unfold to: a ConfigMap that somebody else wrote must not take the worker's memory.
const MOST_TEXT_BYTES = 64 * 1024 * 1024;
const KEY = 'checkpoint';
const COMPRESSED_KEY = 'checkpoint.gz';

export function createCheckpoints(cluster: Cluster, namespace: string): Checkpoints {
  const refOf = (name: string): ObjectRef => ({ group: '', version: 'v1', kind: 'ConfigMap', namespace, name });
  return {
    async read(name) {
      const live = await cluster.get(refOf(name));
      return live === undefined ? undefined : { text: textOf(live), resourceVersion: live.metadata.resourceVersion ?? '' };
    },
    async write(name, text, resourceVersion) {
      const content = contentOf(name, text);
      if (resourceVersion === undefined)
        await cluster.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, ...content });
      else await cluster.patch(refOf(name), { ...content, metadata: { resourceVersion } });
    },
  };
}

/** Both fields, so that a write takes away what the one before left in the other. Throws InvalidInput when the text fits in neither. */
function contentOf(name: string, text: string): { readonly data: unknown; readonly binaryData: unknown } {
  if (Buffer.byteLength(text) <= PLAIN_BYTES) return { data: { [KEY]: text }, binaryData: null };
  const compressed = gzipSync(text).toString('base64');
  if (compressed.length > MOST_BYTES) throw new InvalidInput(`checkpoint ${name}: ${compressed.length} bytes do not fit into a ConfigMap`);
  return { data: null, binaryData: { [COMPRESSED_KEY]: compressed } };
}

/** A checkpoint that cannot be read is an empty one: losing it costs a full list, no more. */
function textOf(live: LiveObject): string {
  const compressed = field(live['binaryData'], COMPRESSED_KEY);
  if (compressed === undefined) return field(live['data'], KEY) ?? '';
  try {
    return gunzipSync(Buffer.from(compressed, 'base64'), { maxOutputLength: MOST_TEXT_BYTES }).toString('utf8');
  } catch {
    return '';
  }
}

function field(data: unknown, key: string): string | undefined {
  const value = isRecord(data) ? data[key] : undefined;
  return typeof value === 'string' ? value : undefined;
}
