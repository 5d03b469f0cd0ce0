// Reading all objects of a kind in pages (Kubernetes API concepts, "Retrieving large results sets in chunks").
import { Conflict } from '../model/errors.ts';
import { apiVersionOf, type GroupVersionKind, isRecord, type LiveObject, type ObjectMeta } from '../model/manifest.ts';
import type { Cluster, ResourceType } from '../ports.ts';
import { collectionPath, withQuery } from './paths.ts';

export type ListOptions = NonNullable<Parameters<Cluster['list']>[1]>;
export type Listed = Awaited<ReturnType<Cluster['list']>>;

/** Fetches one page; throws Conflict when the server no longer knows where the page before it ended (410). */
export type ReadPage = (path: string, accept: string) => Promise<LiveObject>;

interface Page {
  readonly items: readonly LiveObject[];
  readonly resourceVersion: string;
  readonly next: string | undefined;
}

const PAGE = 500;
const METADATA_LIST = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';

/** All objects, or the first `limit`. A list that changed too much between two pages is read anew, once. */
export async function listAll(type: ResourceType, options: ListOptions, read: ReadPage): Promise<Listed> {
  try {
    return await listPages(type, options, read);
  } catch (error) {
    if (error instanceof Conflict) return listPages(type, options, read);
    throw error;
  }
}

/** An object with its kind filled in: list items lack it, and PartialObjectMetadata has its own in its place. */
export function withKind(object: Readonly<Record<string, unknown>>, kind: GroupVersionKind): LiveObject {
  const metadata = (isRecord(object['metadata']) ? object['metadata'] : {}) as ObjectMeta; // the API server validated it
  return { ...object, apiVersion: apiVersionOf(kind), kind: kind.kind, metadata };
}

async function listPages(type: ResourceType, options: ListOptions, read: ReadPage): Promise<Listed> {
  const items: LiveObject[] = [];
  const most = options.limit ?? Number.POSITIVE_INFINITY;
  let next: string | undefined;
  for (;;) {
    const page = await readPage(type, options, { limit: String(Math.min(PAGE, most - items.length)), continue: next }, read);
    items.push(...page.items);
    next = page.next;
    if (next === undefined || items.length >= most) return { items, resourceVersion: page.resourceVersion, complete: next === undefined };
  }
}

async function readPage(
  type: ResourceType,
  options: ListOptions,
  place: { readonly limit: string; readonly continue: string | undefined },
  read: ReadPage,
): Promise<Page> {
  const path = withQuery(collectionPath(type, options.namespace ?? ''), { ...place, labelSelector: options.labelSelector });
  const list = await read(path, options.metadataOnly === true ? METADATA_LIST : 'application/json');
  const { resourceVersion = '', continue: next } = list.metadata as { resourceVersion?: string; continue?: string }; // ListMeta
  const items = Array.isArray(list['items']) ? list['items'] : [];
  return {
    items: items.filter(isRecord).map((item) => withKind(item, type)),
    resourceVersion,
    next: next === '' ? undefined : next,
  };
}
