// One source at one commit -> its objects: found again by what they were made from, else rendered, and remembered.
import { type ApplicationSource, isMultiSource, type SourceType } from '../model/application.ts';
import { chartOf, isArtifact } from '../model/chart-source.ts';
import type { SourceClosure } from '../model/desired.ts';
import { InvalidInput } from '../model/errors.ts';
import { withoutUserinfo } from '../model/git-url.ts';
import { outOfBoundsLink, type Tree } from '../model/tree.ts';
import type { Checkout, Renderer, RenderStore, Repositories } from '../ports.ts';
import { renderClosure } from './closure.ts';
import { buildEnvironment } from './environment.ts';
import { type FetchPorts, stillFetched } from './fetched.ts';
import { copiesSince } from './freshness.ts';
import { outputHash, settledOutput, shortKey } from './output.ts';
import { withOverrides } from './parameters.ts';
import type { DesiredStateInput } from './render.ts';
import {
  contentKey,
  decodeOutput,
  decodePointer,
  decodeTraces,
  encode,
  type Output,
  type Pointer,
  planKey,
  revisionKey,
  type Trace,
  traceOf,
  withTrace,
} from './render-key.ts';
import { runPlan } from './run-plan.ts';
import { detectSourceType, isDetected, planSource, type RenderPlan, sourceFolder, sourceRefusal } from './source.ts';
import { unknownRefFault, usedRefs } from './value-files.ts';

export interface RenderPorts extends FetchPorts {
  readonly repositories: Repositories;
  readonly renderer: Renderer;
  readonly store?: RenderStore;
}

export interface Rendered extends Pick<Output, 'manifests' | 'differs'> {
  readonly sourceType: SourceType;
  readonly closures: readonly SourceClosure[];
}

export interface SourceJob {
  readonly input: DesiredStateInput;
  readonly source: ApplicationSource;
  readonly index: number;
  readonly revision: string;
  /** Names and versions of the tools. */
  readonly version: string;
}

/** Throws InvalidInput with what is wrong with the source, Unavailable when a remote does not answer. */
export async function renderSource(job: SourceJob, ports: RenderPorts): Promise<Rendered> {
  const refusal = sourceRefusal(job.source);
  if (refusal !== undefined) throw new InvalidInput(`source.${refusal}`);
  if (job.source.ref && !job.source.path && !job.source.chart) return { sourceType: '', manifests: [], closures: [], differs: [] };
  const key = revisionKey(factsOf(job));
  const remembered = await pointedAt(job, key, ports);
  if (remembered) return remembered;
  const held: Checkout[] = [];
  let over = false;
  const take = async (coming: Promise<Checkout>) => {
    const checkout = await coming;
    // What comes after another failed is not waited for any more.
    if (over) checkout.release();
    else held.push(checkout);
    return checkout;
  };
  try {
    return await renderFrom(await prepared(job, ports, take), key, ports, take);
  } finally {
    over = true;
    for (const checkout of held) checkout.release();
  }
}

export type Take = (checkout: Promise<Checkout>) => Promise<Checkout>;

/** Everything that decides a render besides the content of repositories, and the commits that decide that. */
function factsOf({ input, source, revision, version }: SourceJob): Readonly<Record<string, unknown>> {
  const { instanceName, destinationNamespace, kubeVersion, apiVersions, settings } = input;
  const refs = input.sources.map((other, index) => (other.ref ? [other.ref, other.repoURL, input.revisions[index]] : []));
  const project = projectOf(input);
  return { source, revision, version, instanceName, destinationNamespace, kubeVersion, apiVersions, project, refs, settings };
}

function projectOf(input: DesiredStateInput): string {
  return input.application.spec.project || 'default';
}

async function pointedAt(job: SourceJob, key: string, ports: RenderPorts): Promise<Rendered | undefined> {
  const pointer = job.input.fresh ? undefined : decodePointer(await ports.store?.read(key));
  if (!pointer || !(await stillFetched(pointer.fetched, job.input, ports))) return undefined;
  const output = decodeOutput(await ports.store?.read(pointer.content));
  return output && { ...pointer, ...output };
}

/** A source whose files are there, and what is to be done with them. */
interface Prepared {
  readonly job: SourceJob;
  readonly plan: RenderPlan;
  readonly detected: boolean;
  /** By root: `''` is the source's own repository, others are those of `$ref` sources. */
  readonly checkouts: ReadonlyMap<string, Checkout>;
}

async function prepared(job: SourceJob, ports: RenderPorts, take: Take): Promise<Prepared> {
  const project = projectOf(job.input);
  const checkedOut = async (source: ApplicationSource, revision: string) => {
    const checkout = await take(ports.repositories.checkout(source, revision, project, copiesSince(job.input)));
    const link = outOfBoundsLink(checkout.files.tree);
    if (link !== undefined) throw new InvalidInput(`${contentOf(source)} contains out-of-bounds symlinks. file: ${link}`);
    return checkout;
  };
  const own = await checkedOut(job.source, job.revision);
  const folder = sourceFolder(own.files.tree, pathOf(job.source));
  const source = withOverrides(job.source, own.files, folder, job.input.instanceName);
  const refs = await refCheckouts({ ...job, source }, own, folder, checkedOut);
  return {
    job: { ...job, source },
    plan: planOf({ ...job, source }, own, folder, refs),
    detected: isDetected(source),
    checkouts: new Map([['', own], ...refs]),
  };
}

function contentOf(source: ApplicationSource): string {
  if (isArtifact(source)) return 'oci image';
  return source.chart ? 'chart' : 'repository';
}

/** A chart is rendered as a whole. */
function pathOf(source: ApplicationSource): string {
  return chartOf(source) === '' ? (source.path ?? '') : '';
}

function planOf(job: SourceJob, own: Checkout, folder: string, refs: ReadonlyMap<string, Checkout>): RenderPlan {
  const { input, source } = job;
  const { instanceName, destinationNamespace, kubeVersion, apiVersions, settings } = input;
  const { repoURL, path = '', targetRevision = '' } = source;
  const facts = { instanceName, destinationNamespace, project: projectOf(input), revision: job.revision, repoURL, path, targetRevision };
  return planSource({
    ...{ source, folder, instanceName, destinationNamespace, kubeVersion, apiVersions, settings },
    files: own.files,
    refs: usesRefs(input) ? new Map([...refs].map(([ref, checkout]) => [ref, checkout.files])) : undefined,
    environment: buildEnvironment(facts),
  });
}

function usesRefs(input: DesiredStateInput): boolean {
  return input.sources.length > 1 || isMultiSource(input.application.spec);
}

/** Checks out what the value files of a chart refer to, and nothing else. */
async function refCheckouts(
  { source, input }: SourceJob,
  own: Checkout,
  folder: string,
  checkedOut: (source: ApplicationSource, revision: string) => Promise<Checkout>,
): Promise<ReadonlyMap<string, Checkout>> {
  const names = own.files.tree.folders.get(folder) ?? [];
  const used = usesRefs(input) && detectSourceType(source, names, input.settings) === 'Helm' ? usedRefs(source) : [];
  const known = input.sources.flatMap((other, index) => (other.ref ? [{ other, index, ref: other.ref }] : []));
  const fault = unknownRefFault(
    used,
    known.map(({ ref }) => ref),
  );
  if (fault !== undefined) throw new InvalidInput(fault);
  const checkouts = new Map<string, Checkout>();
  for (const { other, index, ref } of known.filter((entry) => used.includes(entry.ref))) {
    checkouts.set(ref, await checkedOut(other, input.revisions[index] ?? ''));
  }
  return checkouts;
}

async function renderFrom(source: Prepared, key: string, ports: RenderPorts, take: Take): Promise<Rendered> {
  const { job, plan, checkouts } = source;
  const trees = new Map([...checkouts].map(([name, checkout]) => [name, checkout.files.tree]));
  const asked = planKey(plan, job.version, projectOf(job.input), job.input.settings);
  const traces = decodeTraces(await ports.store?.read(asked));
  const found = job.input.fresh ? undefined : await foundAgain(traces, asked, trees, job, ports);
  const { trace, content, output } = found ?? (await renderedAnew(source, asked, trees, ports, take));
  const closures = closuresOf(trace, { content, output }, job);
  const pointer: Pointer = { content, sourceType: plan.type, closures, fetched: trace.fetched };
  const fresh: [string, Parameters<typeof encode>[0]][] = found
    ? []
    : [
        [content, output],
        [asked, withTrace(traces, trace)],
      ];
  await Promise.all([...fresh, [key, pointer] as const].map(([name, value]) => ports.store?.write(name, encode(value))));
  return { ...output, sourceType: plan.type, closures };
}

interface Found {
  readonly trace: Trace;
  readonly content: string;
  readonly output: Output;
}

/** A render of the same that read the same. */
async function foundAgain(
  traces: readonly Trace[],
  asked: string,
  trees: ReadonlyMap<string, Tree>,
  { input }: SourceJob,
  ports: RenderPorts,
): Promise<Found | undefined> {
  for (const trace of traces) {
    const content = contentKey(asked, trace, trees);
    const output = decodeOutput(await ports.store?.read(content));
    if (output && (await stillFetched(trace.fetched, input, ports))) return { trace, content, output };
  }
  return undefined;
}

async function renderedAnew(
  { job, plan, detected, checkouts }: Prepared,
  asked: string,
  trees: ReadonlyMap<string, Tree>,
  ports: RenderPorts,
  take: Take,
): Promise<Found> {
  const { manifests, reads, fetched } = await runPlan({ plan, checkouts, input: job.input }, ports, take);
  const path = pathOf(job.source);
  const closure = renderClosure({ plan, instanceName: job.input.instanceName, path, detected }, reads, trees);
  const trace = traceOf(closure, fetched);
  const content = contentKey(asked, trace, trees);
  const before = job.input.fresh ? decodeOutput(await ports.store?.read(content)) : undefined;
  return { trace, content, output: settledOutput(manifests, before, content, job.input.before) };
}

function closuresOf(
  trace: Trace,
  { content, output }: Pick<Found, 'content' | 'output'>,
  { input, source }: SourceJob,
): readonly SourceClosure[] {
  const own = { repoURL: withoutUserinfo(source.repoURL), ...(trace.closure[''] ?? { paths: ['/'] }) };
  const render = { content: shortKey(content), output: outputHash(output.manifests) };
  const refs = input.sources.flatMap(({ ref, repoURL }) => {
    const closure = ref === undefined ? undefined : trace.closure[ref];
    return closure === undefined ? [] : [{ repoURL: withoutUserinfo(repoURL), ...closure }];
  });
  return [{ ...own, render }, ...refs, ...trace.fetched.flatMap(({ follows }) => follows ?? [])];
}
