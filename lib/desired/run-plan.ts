// Runs a plan: asks the renderer, fetches what it needs from elsewhere and asks again, and reads manifests out of what it answers.

import { InvalidInput } from '../model/errors.ts';
import type { Manifest } from '../model/manifest.ts';
import type { Need, RenderAnswer, RenderJob, RenderRequest } from '../model/rendering.ts';
import { manifestFrom } from '../model/yaml.ts';
import type { Checkout } from '../ports.ts';
import { closureEntries, expectedReads } from './closure.ts';
import { directoryJob, manifestsIn } from './directory.ts';
import { fetchNeed, fetchValueFile, type Mount, mounted } from './fetched.ts';
import { flattened } from './manifests.ts';
import type { DesiredStateInput } from './render.ts';
import type { Fetched } from './render-key.ts';
import type { RenderPorts, Take } from './render-source.ts';
import type { RenderPlan } from './source.ts';
import { downloadOf } from './value-files.ts';

export interface PlanRun {
  readonly plan: RenderPlan;
  /** By root. */
  readonly checkouts: ReadonlyMap<string, Checkout>;
  readonly input: DesiredStateInput;
}

export interface PlanResult {
  readonly manifests: readonly Manifest[];
  /** By root; nothing of what was fetched, whose commits stand for their content. */
  readonly reads: Readonly<Record<string, readonly string[]>>;
  readonly fetched: readonly Fetched[];
}

/** So often what was fetched may itself need more. */
const MAX_ROUNDS = 20;

/** Throws InvalidInput with the file and line, or with what the tool says. */
export async function runPlan(run: PlanRun, ports: RenderPorts, take: Take): Promise<PlanResult> {
  const { plan, checkouts } = run;
  const files = checkouts.get('')?.files;
  if (files === undefined) throw new Error('a plan without a checkout');
  const expected = ports.renderer.sealed ? {} : expectedReads(plan, files);
  const request: RenderRequest = {
    roots: Object.fromEntries([...checkouts].map(([name, { dir }]) => [name, dir])),
    files: plan.type === 'Kustomize' && plan.edited ? { [plan.edited.file]: plan.edited.text } : {},
    allowed: closureEntries(expected[''] ?? [], files.tree),
    job: jobOf(plan),
  };
  const { answer, mounts } = await answered(request, run, ports, take);
  const reads = answer.reads ?? expected;
  return {
    manifests: manifestsOf(answer, plan, (path) => files.read(path) ?? ''),
    reads: Object.fromEntries(Object.entries(reads).filter(([name]) => checkouts.has(name))),
    fetched: mounts.map((mount) => mount.fetched(reads[mount.root])),
  };
}

function jobOf(plan: RenderPlan): RenderJob {
  return plan.type === 'Directory' ? directoryJob(plan) : plan.job;
}

type Rendered = Exclude<RenderAnswer, { readonly kind: 'needs' }>;

async function answered(
  request: RenderRequest,
  run: PlanRun,
  ports: RenderPorts,
  take: Take,
): Promise<{ readonly answer: Rendered; readonly mounts: readonly Mount[] }> {
  const mounts = [...(await valueFiles(run, ports, take))];
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const answer = await ports.renderer.render(mounted(request, mounts));
    if (answer.kind !== 'needs') return { answer, mounts };
    const before = mounts.length;
    const needs = answer.needs.map((need) => passing(need, run.plan));
    // A ref of a source may have no colon, so no name is taken twice.
    mounts.push(...(await Promise.all(needs.map((need, index) => fetchNeed(need, `fetched:${before + index}`, run.input, ports, take)))));
  }
  throw new InvalidInput(`what it needs from elsewhere needs more in turn, more than ${MAX_ROUNDS} times`);
}

function passing(need: Need, plan: RenderPlan): Need {
  return need.kind === 'chart' && plan.type === 'Helm' && plan.passCredentials ? { ...need, passCredentials: true } : need;
}

/** The files at URLs among the value files of a chart. */
function valueFiles({ plan, input }: PlanRun, ports: RenderPorts, take: Take): Promise<readonly Mount[]> {
  if (plan.type !== 'Helm') return Promise.resolve([]);
  const roots = new Set([...plan.job.valueFiles, ...plan.job.setFiles.map(({ file }) => file)].map(({ root }) => root));
  return Promise.all(
    [...roots].flatMap((root) => {
      const url = downloadOf(root);
      return url === undefined ? [] : [fetchValueFile(root, url, input, ports, take)];
    }),
  );
}

function manifestsOf(answer: Rendered, plan: RenderPlan, textOf: (path: string) => string): readonly Manifest[] {
  if (answer.kind === 'files') return plan.type === 'Directory' ? manifestsIn(plan, answer.files, textOf) : [];
  const tool = plan.type === 'Helm' ? 'helm template' : 'kustomize build';
  return answer.documents.flatMap((document, index) => {
    const what = `document ${index + 1} of the output of ${tool}`;
    return document === null ? [] : flattened([manifestFrom(document, what, 1)], what);
  });
}
