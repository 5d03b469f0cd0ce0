// Watches the cluster as somebody who waits for a deployment would: which version of which object is there, and since when.
import { createRest } from '../../lib/adapters/rest.ts';
import type { ClusterConnection } from '../../lib/adapters/transport.ts';
import { createLineDecoder } from '../../lib/adapters/watch.ts';
import { Unavailable } from '../../lib/model/errors.ts';
import { isRecord } from '../../lib/model/manifest.ts';
import { APPLICATION_LABEL } from './sample.ts';

/** When each Application was complete, in milliseconds of `performance.now()`, the first first. */
export type Landing = readonly number[];

export interface Sightings {
  /** Resolves when all objects of each of these Applications carry this annotation. */
  landed(applications: readonly string[], annotation: string, value: string): Promise<Landing>;
  close(): Promise<void>;
}

const PATHS = ['/api/v1/serviceaccounts', '/api/v1/services', '/apis/apps/v1/deployments', '/apis/networking.k8s.io/v1/ingresses'];
const LIMIT_MS = 120_000;

/** An object that was seen: whose it is, its kind by path, its annotations. */
interface Seen {
  readonly application: string;
  readonly path: string;
  readonly annotations: Readonly<Record<string, unknown>>;
}

/** Starts the watches; they end with `close`. */
export function watchCluster(connection: ClusterConnection): Sightings {
  const rest = createRest(connection);
  const stop = new AbortController();
  const latest = new Map<string, Seen>();
  const listeners = new Set<(seen: Seen) => void>();
  const see = (seen: Seen) => {
    latest.set(`${seen.application} ${seen.path}`, seen);
    for (const listener of listeners) listener(seen);
  };
  const watches = PATHS.map((path) => follow(rest, path, stop.signal, see));
  return {
    landed: (applications, annotation, value) => landing({ latest, listeners }, applications, annotation, value),
    close: async () => {
      stop.abort();
      await Promise.all(watches);
      await rest.close();
    },
  };
}

interface Board {
  readonly latest: ReadonlyMap<string, Seen>;
  readonly listeners: Set<(seen: Seen) => void>;
}

function landing(board: Board, applications: readonly string[], annotation: string, value: string): Promise<Landing> {
  const missing = new Map(applications.map((name) => [name, new Set(PATHS)]));
  const landed: number[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<Landing>();
  const take = ({ application, path, annotations }: Seen) => {
    const kinds = missing.get(application);
    if (kinds === undefined || annotations[annotation] !== value || !kinds.delete(path) || kinds.size > 0) return;
    missing.delete(application);
    landed.push(performance.now());
    if (missing.size === 0) resolve(landed);
  };
  const late = () => {
    const [[name, kinds] = ['', new Set()]] = missing;
    reject(
      new Unavailable(
        `${missing.size} Applications are not at ${annotation}=${value} after ${LIMIT_MS / 1000} s, first ${name}: ${[...kinds]}`,
      ),
    );
  };
  const timer = setTimeout(late, LIMIT_MS);
  for (const seen of board.latest.values()) take(seen);
  board.listeners.add(take);
  return promise.finally(() => {
    clearTimeout(timer);
    board.listeners.delete(take);
  });
}

/** The API server ends watches that it cannot feed in time: the next one begins with everything as it is now. */
async function follow(rest: ReturnType<typeof createRest>, path: string, stop: AbortSignal, see: (seen: Seen) => void): Promise<void> {
  try {
    while (!stop.aborted) await watchOnce(rest, path, stop, see);
  } catch (thrown) {
    if (!stop.aborted) throw thrown;
  }
}

async function watchOnce(rest: ReturnType<typeof createRest>, path: string, stop: AbortSignal, see: (seen: Seen) => void): Promise<void> {
  const query = `watch=1&labelSelector=${encodeURIComponent(APPLICATION_LABEL)}`;
  const accept = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';
  const decoder = createLineDecoder();
  const stream = await rest.stream({ method: 'GET', path: `${path}?${query}`, accept, repeatable: true }, stop);
  for await (const chunk of stream.body) {
    for (const line of decoder.push(chunk)) {
      const metadata = metadataOf(JSON.parse(line));
      if (metadata) see({ ...metadata, path });
    }
  }
}

function metadataOf(event: unknown): Omit<Seen, 'path'> | undefined {
  const object = isRecord(event) && event['type'] !== 'DELETED' ? event['object'] : undefined;
  const metadata = isRecord(object) ? object['metadata'] : undefined;
  if (!isRecord(metadata) || !isRecord(metadata['labels']) || !isRecord(metadata['annotations'])) return undefined;
  return { application: String(metadata['labels'][APPLICATION_LABEL] ?? ''), annotations: metadata['annotations'] };
}
