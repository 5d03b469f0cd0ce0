// The watch stream (Kubernetes API concepts, "Efficient detection of changes"): bytes to lines, lines to what has changed.
import { Unavailable } from '../model/errors.ts';
import { type GroupVersionKind, isRecord } from '../model/manifest.ts';
import type { Cluster, ResourceType, WatchBatch, WatchEvent } from '../ports.ts';
import { withKind } from './listing.ts';
import { collectionPath, withQuery } from './paths.ts';
import { isGone, jsonOf } from './refusal.ts';
import type { Rest, RestAnswer, RestStream } from './rest.ts';

export type DrainOptions = Parameters<Cluster['drain']>[1];

export interface LineDecoder {
  /** The lines that this chunk completes. */
  push(chunk: Uint8Array): readonly string[];
}

export interface WatchNews {
  readonly gone: boolean;
  readonly resourceVersion?: string | undefined;
  readonly change?: WatchEvent | undefined;
}

const METADATA = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';
const NEWLINE = 10;
// etcd takes 1.5 MiB an object; an endless line must not take the worker's memory.
const MAX_LINE_BYTES = 16 * 1024 * 1024;

/**
 * Splits a stream of UTF-8 into lines, wherever it is cut into chunks: a newline byte is never part of another character, so only
 * whole lines are decoded. A last line without its newline was cut off and is never returned. Throws Unavailable on an endless line.
 */
export function createLineDecoder(): LineDecoder {
  let rest: Uint8Array[] = [];
  let held = 0;
  return {
    push(chunk) {
      const lines: string[] = [];
      let from = 0;
      for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
        lines.push(Buffer.concat([...rest, chunk.subarray(from, end)]).toString('utf8'));
        rest = [];
        held = 0;
        from = end + 1;
      }
      held += chunk.byteLength - from;
      if (held > MAX_LINE_BYTES) throw new Unavailable('watch: a line is too long to be an object');
      if (from < chunk.byteLength) rest.push(Uint8Array.from(chunk.subarray(from))); // a copy: the chunk is the caller's
      return lines.filter((line) => line.trim() !== '');
    },
  };
}

/**
 * Reads a watch until nothing has come for `idleMs`, or `maxMs` are over, or the server ends it.
 * `refusal` makes the error of an answer that is no watch. Throws Unavailable when the stream breaks.
 */
export async function drain(
  rest: Rest,
  type: ResourceType,
  options: DrainOptions,
  refusal: (answer: RestAnswer) => Error,
): Promise<WatchBatch> {
  const stop = new AbortController();
  const end = setTimeout(() => stop.abort(), options.maxMs);
  try {
    const stream = await rest.stream(watchRequest(type, options), stop.signal);
    if (stream.status === 200) return await readBatch(stream, type, options, stop);
    const answer = await stream.answer();
    if (isGone(answer)) return { events: [], resourceVersion: options.resourceVersion, gone: true };
    throw refusal(answer);
  } finally {
    clearTimeout(end);
    stop.abort();
  }
}

function watchRequest(type: ResourceType, options: DrainOptions): Parameters<Rest['stream']>[0] {
  const query = {
    watch: '1',
    resourceVersion: options.resourceVersion,
    allowWatchBookmarks: 'true',
    timeoutSeconds: String(Math.ceil(options.maxMs / 1000) + 1),
  };
  const path = withQuery(collectionPath(type, options.namespace ?? ''), query);
  return { method: 'GET', path, accept: options.metadataOnly ? METADATA : 'application/json', repeatable: true };
}

async function readBatch(stream: RestStream, type: ResourceType, options: DrainOptions, stop: AbortController): Promise<WatchBatch> {
  const idle = setTimeout(() => stop.abort(), options.idleMs);
  const decoder = createLineDecoder();
  const tally = createTally(options.resourceVersion, type);
  try {
    for await (const chunk of stream.body) {
      idle.refresh();
      if (tally.take(decoder.push(chunk)) === 'gone') break;
    }
  } catch (error) {
    if (error instanceof Unavailable) throw error;
    if (!stop.signal.aborted) throw new Unavailable(`watch ${type.plural}: the stream broke off`);
  } finally {
    clearTimeout(idle);
  }
  return tally.batch();
}

function createTally(from: string, type: ResourceType): { take(lines: readonly string[]): 'gone' | 'going'; batch(): WatchBatch } {
  const events: WatchEvent[] = [];
  let resourceVersion = from;
  let gone = false;
  return {
    take(lines) {
      for (const news of lines.map((line) => readLine(line, type))) {
        gone ||= news.gone;
        if (news.change !== undefined) events.push(news.change);
        resourceVersion = news.resourceVersion ?? resourceVersion;
      }
      return gone ? 'gone' : 'going';
    },
    batch: () => ({ events, resourceVersion, gone }),
  };
}

/** What one line of a watch says; a bookmark is a resourceVersion without a change. Throws Unavailable on an error other than 410. */
export function readLine(line: string, kind: GroupVersionKind): WatchNews {
  const { type, object } = parseLine(line);
  if (type === 'ERROR') return { gone: isExpired(object) };
  const live = withKind(object, kind);
  return { gone: false, resourceVersion: live.metadata.resourceVersion, change: isChange(type) ? { type, object: live } : undefined };
}

function parseLine(line: string): { readonly type: string; readonly object: Readonly<Record<string, unknown>> } {
  const data = jsonOf(line);
  if (!isRecord(data) || typeof data['type'] !== 'string' || !isRecord(data['object']))
    throw new Unavailable('watch: an event lacks its object');
  return { type: data['type'], object: data['object'] };
}

/** True for 410, the only error that listing again mends. */
function isExpired(status: Readonly<Record<string, unknown>>): true {
  if (status['code'] === 410) return true;
  throw new Unavailable(`watch: ended with an error (${String(status['reason'] ?? status['code'])})`);
}

function isChange(type: string): type is WatchEvent['type'] {
  return type === 'ADDED' || type === 'MODIFIED' || type === 'DELETED';
}
