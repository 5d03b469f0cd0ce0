// desiredState: the sources of an Application at fixed commits -> the objects that should exist. Rules plan; this file checks out,
// runs kustomize or helm, and remembers.
import { type Application, type ApplicationSource, isMultiSource, type SourceType } from '../model/application.ts';
import type { DesiredState, SourceClosure } from '../model/desired.ts';
import { InvalidInput } from '../model/errors.ts';
import { withoutUserinfo } from '../model/git-url.ts';
import { type GroupVersionKind, gvkOf, type Manifest } from '../model/manifest.ts';
import { outOfBoundsLink } from '../model/tree.ts';
import type { Checkout, RenderCache, Repositories, Tools } from '../ports.ts';
import { planClosure } from './closure.ts';
import { buildEnvironment } from './environment.ts';
import { flattened, normalise, type Scope } from './manifests.ts';
import { withOverrides } from './parameters.ts';
import { contentKey, decodeManifests, decodePointer, encodeManifests, encodePointer, revisionKey } from './render-key.ts';
import { runPlan } from './run-plan.ts';
import { detectSourceType, planSource, type RenderPlan, sourceFolder, sourceRefusal } from './source.ts';
import { refSourceFault, unknownRefFault, usedRefs } from './value-files.ts';

export interface DesiredStateInput {
  readonly application: Application;
  readonly sources: readonly ApplicationSource[];
  /** The commit of each source, from `resolveRevisions` or an operation. */
  readonly revisions: readonly string[];
  readonly instanceName: string;
  readonly destinationNamespace: string;
  /** Undefined for a kind that the destination does not serve. */
  readonly scopeOf: (kind: GroupVersionKind) => Promise<Scope | undefined>;
  /** What charts see as `.Capabilities`. */
  readonly kubeVersion?: string;
  readonly apiVersions?: readonly string[];
}

export interface RenderPorts {
  readonly repositories: Repositories;
  readonly tools: Tools;
  readonly cache?: RenderCache;
}

interface Rendered {
  readonly sourceType: SourceType;
  readonly manifests: readonly Manifest[];
  readonly closures: readonly SourceClosure[];
}

interface Job {
  readonly input: DesiredStateInput;
  readonly source: ApplicationSource;
  readonly revision: string;
  readonly versions: string;
}

/**
 * The commit that each source names now. An answer that was read from the remote at or after `notBefore` (ms) may be reused.
 * Throws InvalidInput with the text for the ComparisonError condition, Unavailable when a remote does not answer.
 */
export function resolveRevisions(sources: readonly ApplicationSource[], notBefore: number, repositories: Repositories): Promise<string[]> {
  return eachSource(sources, async (source) => {
    const refusal = sourceRefusal(source);
    if (refusal !== undefined) throw new InvalidInput(`source.${refusal}`);
    return repositories.resolveRevision(source, notBefore);
  });
}

/**
 * What should exist, normalised and tracked, with the files that it came from.
 * Throws InvalidInput with the text for the ComparisonError condition (spec/rendering.md §11, without its "rpc error" part),
 * Unavailable when a remote does not answer.
 */
export async function desiredState(input: DesiredStateInput, ports: RenderPorts): Promise<DesiredState> {
  const fault = refSourceFault(input.sources);
  if (fault !== undefined) throw new InvalidInput(`Failed to load target state: failed to get ref sources: ${fault}`);
  const versions = await ports.tools.versions();
  const rendered = await eachSource(input.sources, (source, index) =>
    renderSource({ input, source, revision: input.revisions[index] ?? '', versions }, ports),
  );
  const manifests = rendered.flatMap((result) => result.manifests);
  const scopes = await scopesOf(manifests, input.scopeOf);
  const { instanceName, destinationNamespace } = input;
  return {
    ...normalise(manifests, { instanceName, destinationNamespace, scopeOf: (kind) => scopes.get(kindText(kind)) }),
    revisions: input.revisions,
    sourceTypes: rendered.map((result) => result.sourceType),
    closure: { sources: rendered.flatMap((result) => result.closures) },
  };
}

/** All at once; of several failures the first source's counts. */
async function eachSource<T>(
  sources: readonly ApplicationSource[],
  work: (source: ApplicationSource, index: number) => Promise<T>,
): Promise<T[]> {
  const results = await Promise.allSettled(sources.map(work));
  return results.map((result, index) => {
    if (result.status === 'fulfilled') return result.value;
    if (!(result.reason instanceof InvalidInput)) throw result.reason;
    const place = `failed to generate manifest for source ${index + 1} of ${sources.length}`;
    throw new InvalidInput(`Failed to load target state: ${place}: ${result.reason.message}`, { cause: result.reason });
  });
}

async function scopesOf(manifests: readonly Manifest[], scopeOf: DesiredStateInput['scopeOf']): Promise<ReadonlyMap<string, Scope>> {
  const kinds = new Map(manifests.map(gvkOf).map((kind) => [kindText(kind), kind]));
  const scopes = await Promise.all([...kinds].map(async ([text, kind]) => [text, await scopeOf(kind)] as const));
  return new Map(scopes.filter((entry): entry is readonly [string, Scope] => entry[1] !== undefined));
}

function kindText(kind: GroupVersionKind): string {
  return `${kind.group}/${kind.version}/${kind.kind}`;
}

async function renderSource(job: Job, ports: RenderPorts): Promise<Rendered> {
  const refusal = sourceRefusal(job.source);
  if (refusal !== undefined) throw new InvalidInput(`source.${refusal}`);
  if (job.source.ref && !job.source.path) return { sourceType: '', manifests: [], closures: [] };
  const key = revisionKey(factsOf(job));
  const pointer = decodePointer(await ports.cache?.read(key));
  const known = pointer && decodeManifests(await ports.cache?.read(pointer.content));
  if (pointer && known) return { ...pointer, manifests: known };
  const held: Checkout[] = [];
  try {
    return await renderFrom(job, key, ports, async (source, revision) => {
      const checkout = await ports.repositories.checkout(source, revision);
      held.push(checkout);
      const link = outOfBoundsLink(checkout.files.tree);
      if (link !== undefined) throw new InvalidInput(`repository contains out-of-bounds symlinks. file: ${link}`);
      return checkout;
    });
  } finally {
    for (const checkout of held) checkout.release();
  }
}

/** Everything that decides a render besides the content of repositories, and the commits that decide that. */
function factsOf({ input, source, revision, versions }: Job): Readonly<Record<string, unknown>> {
  const { instanceName, destinationNamespace, kubeVersion, apiVersions } = input;
  const refs = input.sources.map((other, index) => (other.ref ? [other.ref, other.repoURL, input.revisions[index]] : []));
  const project = input.application.spec.project;
  return { source, revision, versions, instanceName, destinationNamespace, kubeVersion, apiVersions, project, refs };
}

type Take = (source: ApplicationSource, revision: string) => Promise<Checkout>;

async function renderFrom(job: Job, key: string, ports: RenderPorts, take: Take): Promise<Rendered> {
  const own = await take(job.source, job.revision);
  const folder = sourceFolder(own.files.tree, job.source.path ?? '');
  const source = withOverrides(job.source, own.files, folder, job.input.instanceName);
  const refs = await refCheckouts(source, own, folder, job.input, take);
  const plan = planOf({ ...job, source }, own, folder, refs);
  const refFiles = new Map([...refs].map(([ref, checkout]) => [ref, checkout.files]));
  const { instanceName } = job.input;
  const closure = planClosure({ plan, files: own.files, refs: refFiles, instanceName, path: job.source.path ?? '' });
  const content = contentKey(plan, closure, own.files, refFiles, job.versions);
  const remembered = decodeManifests(await ports.cache?.read(content));
  const manifests = remembered ?? flattened(await runPlan(plan, closure.own, { own, refs }, ports.tools), 'the rendered output');
  const closures = [{ repoURL: withoutUserinfo(source.repoURL), paths: closure.own }, ...refClosures(closure.refs, job.input)];
  if (!remembered) await ports.cache?.write(content, encodeManifests(manifests));
  await ports.cache?.write(key, encodePointer({ content, sourceType: plan.type, closures }));
  return { sourceType: plan.type, manifests, closures };
}

function planOf(job: Job, own: Checkout, folder: string, refs: ReadonlyMap<string, Checkout>): RenderPlan {
  const { input, source } = job;
  const { instanceName, destinationNamespace } = input;
  return planSource({
    source,
    folder,
    instanceName,
    destinationNamespace,
    files: own.files,
    kubeVersion: input.kubeVersion,
    apiVersions: input.apiVersions ?? [],
    refs: usesRefs(input) ? new Map([...refs].map(([ref, checkout]) => [ref, checkout.files])) : undefined,
    environment: buildEnvironment({
      instanceName,
      destinationNamespace,
      project: input.application.spec.project || 'default',
      revision: job.revision,
      repoURL: source.repoURL,
      path: source.path ?? '',
      targetRevision: source.targetRevision ?? '',
    }),
  });
}

function usesRefs(input: DesiredStateInput): boolean {
  return input.sources.length > 1 || isMultiSource(input.application.spec);
}

/** Checks out what the value files of a chart refer to, and nothing else. */
async function refCheckouts(
  source: ApplicationSource,
  own: Checkout,
  folder: string,
  input: DesiredStateInput,
  take: Take,
): Promise<ReadonlyMap<string, Checkout>> {
  const names = own.files.tree.folders.get(folder) ?? [];
  const used = usesRefs(input) && detectSourceType(source, names) === 'Helm' ? usedRefs(source) : [];
  const known = input.sources.flatMap((other, index) => (other.ref ? [{ other, index, ref: other.ref }] : []));
  const unknown = used.find((name) => !known.some(({ ref }) => ref === name));
  if (unknown !== undefined)
    throw new InvalidInput(
      unknownRefFault(
        unknown,
        known.map(({ ref }) => ref),
      ),
    );
  const checkouts = new Map<string, Checkout>();
  for (const { other, index, ref } of known.filter((entry) => used.includes(entry.ref))) {
    checkouts.set(ref, await take(other, input.revisions[index] ?? ''));
  }
  return checkouts;
}

function refClosures(refs: ReadonlyMap<string, readonly string[]>, input: DesiredStateInput): readonly SourceClosure[] {
  return input.sources.flatMap(({ ref, repoURL }) => {
    const paths = ref === undefined ? undefined : refs.get(ref);
    return paths === undefined ? [] : [{ repoURL: withoutUserinfo(repoURL), paths }];
  });
}
