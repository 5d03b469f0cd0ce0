// The Cluster port over one API server: kinds to paths, verbs to requests, answers to objects or to one of the four errors.
import { FIELD_MANAGER, REPLACE_MANAGER } from '../model/annotations.ts';
import { Conflict, InvalidInput, Unavailable } from '../model/errors.ts';
import { type GroupVersionKind, gvkOf, isRecord, keyOf, type LiveObject, type Manifest, objectName } from '../model/manifest.ts';
import type { Capabilities, Cluster, ObjectRef, ResourceType, SendOptions, WatchBatch } from '../ports.ts';
import { type Discovery, discoveryOf } from './discovery.ts';
import { type Listed, type ListOptions, listAll, withKind } from './listing.ts';
import { newObjectPath, objectPath, type Query, withQuery } from './paths.ts';
import { type Asked, isMissingKind, jsonOf, refusalOf, secretValues } from './refusal.ts';
import { createRest, type Rest, type RestAnswer, type RestRequest } from './rest.ts';
import { type ClusterConnection, serverKey } from './transport.ts';
import { withoutUndeclared } from './undeclared.ts';
import { type DrainOptions, drain } from './watch.ts';

export type { ClusterConnection } from './transport.ts';

export type OpenCluster = Cluster & {
  close(): Promise<void>;
  /** HTTP requests sent until now. */
  requestCount(): number;
};

type DeleteOptions = NonNullable<Parameters<Cluster['delete']>[1]>;

// Kinds that this program itself keeps its state in: where they live never changes, so nobody is asked.
const ALL_VERBS = ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'];
const OWN_KINDS: readonly ResourceType[] = [
  { group: '', version: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true, verbs: ALL_VERBS },
  { group: '', version: 'v1', kind: 'Secret', plural: 'secrets', namespaced: true, verbs: ALL_VERBS },
  { group: 'argoproj.io', version: 'v1alpha1', kind: 'Application', plural: 'applications', namespaced: true, verbs: ALL_VERBS },
  { group: 'argoproj.io', version: 'v1alpha1', kind: 'AppProject', plural: 'appprojects', namespaced: true, verbs: ALL_VERBS },
];

// An apply is refused for a field that its kind does not have whatever `fieldValidation` says, and names one at a time.
const UNDECLARED_FIELDS = 20;

/** One API server with one identity. Sockets and discovery are shared with the other Clusters of that server in this process. */
export function createCluster(connection: ClusterConnection): OpenCluster {
  return new RestCluster(createRest(connection), discoveryOf(serverKey(connection)));
}

class RestCluster implements OpenCluster {
  readonly server: string;
  readonly #rest: Rest;
  readonly #discovery: Discovery;

  constructor(rest: Rest, discovery: Discovery) {
    this.server = rest.server;
    this.#rest = rest;
    this.#discovery = discovery;
  }

  resourceType(kind: GroupVersionKind): Promise<ResourceType | undefined> {
    return this.#discovery.find(this.#rest, kind);
  }

  preferredType(group: string, kind: string): Promise<ResourceType | undefined> {
    return this.#discovery.preferred(this.#rest, group, kind);
  }

  kinds(): Promise<readonly ResourceType[]> {
    return this.#discovery.kinds(this.#rest);
  }

  capabilities(): Promise<Capabilities> {
    return this.#discovery.capabilities(this.#rest);
  }

  async get(ref: ObjectRef): Promise<LiveObject | undefined> {
    const type = await this.#find(ref);
    if (type === undefined) return undefined;
    const answer = await this.#rest.send({ method: 'GET', path: objectPath(type, ref), repeatable: true });
    if (answer.status === 404) return this.#absent(answer);
    return this.#object(answer, type, { action: 'get', subject: objectName(ref), ...hidden(type) });
  }

  async list(kind: GroupVersionKind, options: ListOptions = {}): Promise<Listed> {
    const subject = kindName(kind);
    const type = await this.#served(kind, subject);
    return listAll(type, options, async (path, accept) => {
      const answer = await this.#rest.send({ method: 'GET', path, accept, repeatable: true });
      return this.#object(answer, type, { action: 'list', subject, ...hidden(type) });
    });
  }

  async drain(kind: GroupVersionKind, options: DrainOptions): Promise<WatchBatch> {
    const subject = kindName(kind);
    const type = await this.#served(kind, subject);
    const asked: Asked = { action: 'watch', subject, ...hidden(type) };
    return drain(this.#rest, type, options, (answer) => this.#refusal(answer, asked));
  }

  async apply(manifest: Manifest, options: SendOptions = {}): Promise<LiveObject> {
    let sent = manifest;
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.#apply(sent, options);
      } catch (error) {
        const lenient = options.lenient === true && tries <= UNDECLARED_FIELDS && error instanceof InvalidInput;
        const declared = lenient ? withoutUndeclared(sent, error.message) : undefined;
        if (!declared) throw error;
        sent = declared;
      }
    }
  }

  #apply(manifest: Manifest, options: SendOptions): Promise<LiveObject> {
    const { name, generateName } = manifest.metadata;
    if (!name && generateName) throw new InvalidInput(`from ${generateName}: cannot use generate name with apply`); // kubectl's words
    return this.#change('apply', manifest, (type) => ({
      method: 'PATCH',
      path: withQuery(objectPath(type, keyOf(manifest)), { ...sendQuery(options), force: 'true' }),
      contentType: 'application/apply-patch+yaml', // JSON is YAML
      body: withoutOwners(manifest),
      repeatable: true,
    }));
  }

  create(manifest: Manifest, options: SendOptions = {}): Promise<LiveObject> {
    return this.#change('create', manifest, (type) => ({
      method: 'POST',
      path: withQuery(newObjectPath(type, keyOf(manifest).namespace), sendQuery(options)),
      body: manifest,
      repeatable: false,
    }));
  }

  replace(manifest: Manifest, options: SendOptions = {}): Promise<LiveObject> {
    return this.#change('replace', manifest, (type) => ({
      method: 'PUT',
      path: withQuery(objectPath(type, keyOf(manifest)), { ...sendQuery(options), fieldManager: REPLACE_MANAGER }),
      body: withoutOwners(manifest),
      repeatable: false,
    }));
  }

  async #change(action: string, manifest: Manifest, request: (type: ResourceType) => RestRequest): Promise<LiveObject> {
    const subject = objectName(keyOf(manifest));
    const type = await this.#served(gvkOf(manifest), subject);
    const sent = request(type);
    const answer = await this.#rest.send(sent);
    if (action === 'replace' && isMissingObject(answer)) throw new Conflict(`${action} ${subject}: somebody has deleted it since`);
    const object = this.#object(answer, type, { action, subject, ...hidden(type, manifest['data'], manifest['stringData']) });
    if (definesKinds(type)) this.#discovery.forget();
    return object;
  }

  async patch(ref: ObjectRef, patch: Readonly<Record<string, unknown>> | readonly unknown[]): Promise<LiveObject> {
    const subject = objectName(ref);
    const type = await this.#served(ref, subject);
    const contentType = Array.isArray(patch) ? 'application/json-patch+json' : 'application/merge-patch+json';
    const path = withQuery(objectPath(type, ref), { fieldManager: FIELD_MANAGER });
    const answer = await this.#rest.send({ method: 'PATCH', path, contentType, body: patch, repeatable: false });
    if (isMissingObject(answer)) throw new Conflict(`patch ${subject}: somebody has deleted it since`);
    return this.#object(answer, type, { action: 'patch', subject, ...hidden(type, patch) });
  }

  async delete(ref: ObjectRef, options: DeleteOptions = {}): Promise<boolean> {
    const type = await this.#find(ref);
    if (type === undefined) return false;
    const { propagation, uid, dryRun } = options;
    const body = {
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      ...(propagation === undefined ? {} : { propagationPolicy: propagation }),
      ...(uid === undefined ? {} : { preconditions: { uid } }),
      ...(dryRun === true ? { dryRun: ['All'] } : {}),
    };
    const answer = await this.#rest.send({ method: 'DELETE', path: objectPath(type, ref), body, repeatable: true });
    if (answer.status === 404) return this.#absent(answer) !== undefined;
    this.#object(answer, type, { action: 'delete', subject: objectName(ref), ...hidden(type) });
    if (definesKinds(type) && dryRun !== true) this.#discovery.forget();
    return true;
  }

  requestCount(): number {
    return this.#rest.requestCount();
  }

  close(): Promise<void> {
    return this.#rest.close();
  }

  async #find(kind: GroupVersionKind): Promise<ResourceType | undefined> {
    const own = OWN_KINDS.find((type) => type.kind === kind.kind && type.group === kind.group && type.version === kind.version);
    return own ?? this.resourceType(kind);
  }

  async #served(kind: GroupVersionKind, subject: string): Promise<ResourceType> {
    const type = await this.#find(kind);
    // The API server's own words for it, which sync messages build upon (spec/sync.md §6).
    if (type === undefined) throw new InvalidInput(`${subject}: the server could not find the requested resource`);
    return type;
  }

  #absent(answer: RestAnswer): undefined {
    if (isMissingKind(answer)) this.#discovery.forget();
    return undefined;
  }

  #refusal(answer: RestAnswer, asked: Asked): Error {
    this.#absent(answer);
    return refusalOf(answer, asked);
  }

  #object(answer: RestAnswer, type: ResourceType, asked: Asked): LiveObject {
    if (answer.status >= 400) throw this.#refusal(answer, asked);
    return withKind(parsedAnswer(answer, asked), type);
  }
}

/** Whoever patches or replaces has seen the object: that it is gone is news, not a fault of what was sent. */
function isMissingObject(answer: RestAnswer): boolean {
  return answer.status === 404 && !isMissingKind(answer);
}

function sendQuery({ dryRun = false, lenient = false }: SendOptions): Query {
  return { fieldManager: FIELD_MANAGER, fieldValidation: lenient ? 'Ignore' : 'Strict', dryRun: dryRun ? 'All' : undefined };
}

/** Whose fields are whose is the API server's to say, save in a patch of just that. */
function withoutOwners(manifest: Manifest): Manifest {
  const { managedFields: _, ...metadata } = manifest.metadata;
  return { ...manifest, metadata };
}

/** The JSON object of a good answer. Throws Unavailable, and never with the parser's words, which would quote what it read. */
function parsedAnswer(answer: RestAnswer, asked: Asked): Readonly<Record<string, unknown>> {
  const data = jsonOf(answer.body);
  if (isRecord(data)) return data;
  throw new Unavailable(`${asked.action} ${asked.subject}: the answer is not a JSON object`);
}

/** Marks questions about Secrets, with the values that they carry, so that no refusal repeats one. */
function hidden(type: ResourceType, ...sent: readonly unknown[]): Pick<Asked, 'secrets'> {
  return type.group === '' && type.kind === 'Secret' ? { secrets: secretValues(sent) } : {};
}

/** Objects that make the server serve other kinds than before. */
function definesKinds(type: ResourceType): boolean {
  return type.group === 'apiextensions.k8s.io' || type.group === 'apiregistration.k8s.io';
}

function kindName(kind: GroupVersionKind): string {
  return kind.group === '' ? kind.kind : `${kind.group}/${kind.kind}`;
}
