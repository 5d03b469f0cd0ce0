// Which kinds an API server serves, under which paths. Learnt once per server and process, whichever identity asks.
import { Unavailable } from '../model/errors.ts';
import { apiVersionOf, type GroupVersionKind, isRecord } from '../model/manifest.ts';
import type { Capabilities, Clock, ResourceType } from '../ports.ts';
import { groupVersionPath } from './paths.ts';
import { jsonOf, refusalOf } from './refusal.ts';
import type { Rest } from './rest.ts';
import { preferredKinds, servedNames, untold } from './served-names.ts';

export interface Discovery {
  /** The kind as served, or undefined. A kind that is not known is asked for again, every few seconds at most. */
  find(rest: Rest, kind: GroupVersionKind): Promise<ResourceType | undefined>;
  /** The first version, in the server's order of preference, that serves the kind. */
  preferred(rest: Rest, group: string, kind: string): Promise<ResourceType | undefined>;
  /** Every version and kind that is served, and the server's own version. */
  capabilities(rest: Rest): Promise<Capabilities>;
  /** Every kind that is served, once, in the version that the server prefers. */
  kinds(rest: Rest): Promise<readonly ResourceType[]>;
  /** What was learnt is out of date: a kind came or went. */
  forget(): void;
}

/** Kinds of one group and version by name, or of all groups at once. */
export interface Catalogue {
  readonly types: ReadonlyMap<string, ResourceType>;
  /** Versions of each group, the preferred one first. */
  readonly versions: ReadonlyMap<string, readonly string[]>;
}

const NOTHING: Catalogue = { types: new Map(), versions: new Map() };
const LIFE_MS = 10 * 60_000;
const MISS_MS = 2_000;
// For a while after a kind came or went the server's answers are not settled, and none is kept for long.
const UNSETTLED_MS = 10_000;
const UNSETTLED_LIFE_MS = 250;
const SERVERS = 64;
const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json';

// Process-wide on purpose: what a server serves is the same for every identity, and a warm worker must not ask again.
const known = new Map<string, Discovery>();

/** The discovery of a server by its `serverKey`; the oldest of many is dropped. */
export function discoveryOf(serverKey: string, now: Clock = Date.now): Discovery {
  const held = known.get(serverKey) ?? createDiscovery(now);
  known.delete(serverKey);
  known.set(serverKey, held);
  if (known.size > SERVERS) for (const oldest of [...known.keys()].slice(0, 1)) known.delete(oldest);
  return held;
}

interface Page {
  readonly at: number;
  readonly catalogue: Catalogue;
  readonly etag: string | undefined;
}

/** The answers to `/apis` (every group at once, where the server can) and to `/apis/<group>/<version>`, by path, kept for a while. */
interface Pages {
  /** An answer that is no older than this; throws what `ask` throws. */
  read(rest: Rest, path: string, maxAgeMs: number): Promise<Catalogue>;
  /** The last answer, however old. */
  last(path: string): Catalogue | undefined;
  forget(): void;
}

function createPages(now: Clock): Pages {
  let pages = new Map<string, Page>();
  let settledAt = Number.NEGATIVE_INFINITY;
  const coming = new Map<string, Promise<Page>>();

  async function read(rest: Rest, path: string, maxAgeMs: number): Promise<Catalogue> {
    const held = pages.get(path);
    const age = held === undefined ? Number.POSITIVE_INFINITY : now() - held.at;
    if (held !== undefined && age < (held.at < settledAt ? Math.min(maxAgeMs, UNSETTLED_LIFE_MS) : maxAgeMs)) return held.catalogue;
    const other = coming.get(path);
    if (other === undefined) return (await fetchPage(rest, path, held)).catalogue;
    try {
      return (await other).catalogue;
    } catch {
      return read(rest, path, maxAgeMs); // whoever asked first may lack the right that we have: its failure is not ours
    }
  }

  async function fetchPage(rest: Rest, path: string, held: Page | undefined): Promise<Page> {
    const into = pages;
    const at = now();
    const fetching = ask(rest, path, held).then((answer) => ({ ...answer, at }));
    coming.set(path, fetching);
    try {
      const fresh = await fetching;
      into.set(path, fresh);
      return fresh;
    } finally {
      if (coming.get(path) === fetching) coming.delete(path);
    }
  }

  function forget(): void {
    pages = new Map();
    coming.clear();
    settledAt = now() + UNSETTLED_MS;
  }

  return { read, last: (path) => pages.get(path)?.catalogue, forget };
}

export function createDiscovery(now: Clock): Discovery {
  const pages = createPages(now);
  const page = pages.read;
  const version = versionReader(now);

  async function find(rest: Rest, kind: GroupVersionKind): Promise<ResourceType | undefined> {
    const name = typeText(kind);
    const anywhere = kind.group === '' ? undefined : (await page(rest, '/apis', LIFE_MS)).types.get(name);
    if (anywhere !== undefined) return anywhere;
    // The aggregated answer lags behind a new kind; that of its own group and version does not.
    const path = groupVersionPath(kind);
    return (await page(rest, path, LIFE_MS)).types.get(name) ?? (await page(rest, path, MISS_MS)).types.get(name);
  }

  async function preferred(rest: Rest, group: string, kind: string): Promise<ResourceType | undefined> {
    if (group === '') return find(rest, { group, version: 'v1', kind });
    const held = await preferredIn(rest, await page(rest, '/apis', LIFE_MS), group, kind);
    return held ?? preferredIn(rest, await page(rest, '/apis', MISS_MS), group, kind);
  }

  async function preferredIn(rest: Rest, catalogue: Catalogue, group: string, kind: string): Promise<ResourceType | undefined> {
    for (const version of catalogue.versions.get(group) ?? []) {
      const type = await find(rest, { group, version, kind });
      if (type !== undefined) return type;
    }
    return undefined;
  }

  async function catalogues(rest: Rest): Promise<readonly Catalogue[]> {
    const [all, core] = await Promise.all([page(rest, '/apis', LIFE_MS), page(rest, '/api/v1', LIFE_MS)]);
    return [all, core, ...(await Promise.all(untold(all).map((path) => lasting(rest, path))))];
  }

  /** An aggregated API that is down is not everybody's loss: what it said last counts, or that nothing is known of its kinds. */
  async function lasting(rest: Rest, path: string): Promise<Catalogue> {
    try {
      return await page(rest, path, LIFE_MS);
    } catch (error) {
      if (error instanceof Unavailable) return pages.last(path) ?? NOTHING;
      throw error;
    }
  }

  async function capabilities(rest: Rest): Promise<Capabilities> {
    const [all, kubeVersion] = await Promise.all([catalogues(rest), version(rest)]);
    return { kubeVersion, apiVersions: servedNames(all) };
  }

  const kinds = async (rest: Rest) => preferredKinds(await catalogues(rest));

  return { find, preferred, capabilities, kinds, forget: pages.forget };
}

/** With a page's life: a server is seldom upgraded. */
function versionReader(now: Clock): (rest: Rest) => Promise<string> {
  let server: { readonly at: number; readonly text: string } | undefined;
  return async (rest) => {
    if (server === undefined || now() - server.at >= LIFE_MS) server = { at: now(), text: await askVersion(rest) };
    return server.text;
  };
}

async function askVersion(rest: Rest): Promise<string> {
  const answer = await rest.send({ method: 'GET', path: '/version', repeatable: true });
  if (answer.status >= 300) throw refusalOf(answer, { action: 'discover', subject: '/version' });
  return textOf(recordOf(jsonOf(answer.body))['gitVersion']);
}

async function ask(rest: Rest, path: string, held: Page | undefined): Promise<Omit<Page, 'at'>> {
  const accept = path === '/apis' ? AGGREGATED : 'application/json';
  const answer = await rest.send({ method: 'GET', path, accept, ifNoneMatch: held?.etag, repeatable: true });
  if (answer.status === 304 && held !== undefined) return held;
  if (answer.status === 404) return { catalogue: NOTHING, etag: undefined };
  if (answer.status >= 300) throw refusalOf(answer, { action: 'discover', subject: path });
  return { catalogue: readCatalogue(jsonOf(answer.body)), etag: answer.etag };
}

/** Reads aggregated discovery, a plain list of groups, or the kinds of one group and version; subresources are left out. */
export function readCatalogue(data: unknown): Catalogue {
  const document = recordOf(data);
  if (document['kind'] === 'APIResourceList') return { types: typesOf(resourceListTypes(document)), versions: new Map() };
  const groups =
    document['kind'] === 'APIGroupDiscoveryList'
      ? listOf(document['items']).map(aggregatedGroup)
      : listOf(document['groups']).map(plainGroup);
  return {
    types: typesOf(groups.flatMap((group) => group.types)),
    versions: new Map(groups.map((group) => [group.name, group.versions])),
  };
}

interface Group {
  readonly name: string;
  readonly versions: readonly string[];
  readonly types: readonly ResourceType[];
}

function aggregatedGroup(item: unknown): Group {
  const group = recordOf(item);
  const name = textOf(recordOf(group['metadata'])['name']);
  const versions = listOf(group['versions']).map(recordOf);
  // What is not current comes from a server that did not answer of late: its kinds are asked for one by one.
  const current = versions.filter((version) => version['freshness'] !== 'Stale');
  const types = current.flatMap((version) =>
    listOf(version['resources']).map((entry) => aggregatedType(name, textOf(version['version']), recordOf(entry))),
  );
  return { name, versions: versions.map((version) => textOf(version['version'])), types };
}

function aggregatedType(group: string, version: string, entry: Readonly<Record<string, unknown>>): ResourceType {
  const kind = textOf(recordOf(entry['responseKind'])['kind']);
  return {
    group,
    version,
    kind,
    plural: textOf(entry['resource']),
    namespaced: entry['scope'] === 'Namespaced',
    verbs: textsOf(entry['verbs']),
  };
}

function plainGroup(item: unknown): Group {
  const group = recordOf(item);
  const preferred = textOf(recordOf(group['preferredVersion'])['version']);
  const served = listOf(group['versions']).map((entry) => textOf(recordOf(entry)['version']));
  const versions = [preferred, ...served.filter((version) => version !== preferred)].filter((version) => version !== '');
  return { name: textOf(group['name']), versions, types: [] };
}

function resourceListTypes(document: Readonly<Record<string, unknown>>): readonly ResourceType[] {
  const groupVersion = textOf(document['groupVersion']);
  const [group = '', version = ''] = groupVersion.includes('/') ? groupVersion.split('/') : ['', groupVersion];
  return listOf(document['resources'])
    .map(recordOf)
    .filter((entry) => !textOf(entry['name']).includes('/'))
    .map((entry) => ({
      group,
      version,
      kind: textOf(entry['kind']),
      plural: textOf(entry['name']),
      namespaced: entry['namespaced'] === true,
      verbs: textsOf(entry['verbs']),
    }));
}

function typesOf(types: readonly ResourceType[]): ReadonlyMap<string, ResourceType> {
  return new Map(types.map((type) => [typeText(type), type]));
}

function typeText(kind: GroupVersionKind): string {
  return `${apiVersionOf(kind)} ${kind.kind}`;
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return isRecord(value) ? value : {};
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function textsOf(value: unknown): readonly string[] {
  return listOf(value).map(textOf);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
