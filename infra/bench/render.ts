// Many renders in one start of the renderer, against the stock tools on the same files in the same run.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { Unavailable } from '../../lib/model/errors.ts';
import { isRecord } from '../../lib/model/manifest.ts';
import { rendererProgram } from '../local/cache/renderer.ts';
import { helmTemplates, kustomizeBuilds, timed, writeSample } from './alone.ts';
import { residentOf } from './memory.ts';
import { type RenderFigure, renderFigure } from './report.ts';
import { applicationNames, CHART, KINDS } from './sample.ts';
import type { Stage } from './stage.ts';
import { percentile } from './statistics.ts';

/** What is rendered so many times, by both. */
interface Contest {
  readonly name: string;
  readonly jobs: readonly object[];
  readonly stock: () => Promise<unknown>;
}

const HELM_SIZE = 100;
/** Answers between two looks at the renderer's memory. */
const LOOK_EVERY = 20;

/** Kustomize at each of the sizes, and Helm; in each round both sides take their turn. */
export async function measureRenders(stage: Stage, sizes: readonly number[], rounds: number): Promise<readonly RenderFigure[]> {
  const { host, controlPlane, say } = stage;
  say(`renders of ${sizes.join(' and ')}`);
  const renderer = await rendererProgram({ progress: say });
  const dir = join(host.dir, 'bench', 'render');
  const names = applicationNames('render', Math.max(HELM_SIZE, ...sizes));
  await writeSample(dir, names);
  const contests = [
    ...sizes.map((size) => kustomizeContest(controlPlane.programs.kustomize, dir, names.slice(0, size))),
    helmContest(host.tools.helm, dir, names.slice(0, HELM_SIZE)),
  ];
  const figures: RenderFigure[] = [];
  for (const contest of contests) figures.push(await decide(contest, renderer, dir, rounds));
  return figures;
}

function kustomizeContest(kustomize: string, dir: string, names: readonly string[]): Contest {
  return {
    name: `${names.length} overlays (kustomize)`,
    jobs: names.map((name) => ({ type: 'kustomize', folder: `overlays/${name}` })),
    stock: () => kustomizeBuilds(kustomize, dir, names),
  };
}

function helmContest(helm: string, dir: string, names: readonly string[]): Contest {
  return {
    name: `${names.length} releases of a chart (helm)`,
    jobs: names.map((name) => ({ type: 'helm', folder: CHART, releaseName: name, namespace: 'default', includeCrds: true })),
    stock: () => helmTemplates(helm, dir, names),
  };
}

async function decide({ name, jobs, stock }: Contest, renderer: string, dir: string, rounds: number): Promise<RenderFigure> {
  const own: number[] = [];
  const theirs: number[] = [];
  let peakBytes = 0;
  for (let round = 0; round < rounds; round += 1) {
    const work = async () => {
      peakBytes = Math.max(peakBytes, await renderAll(renderer, dir, jobs));
    };
    own.push(await timed(work));
    theirs.push(await timed(stock));
  }
  return renderFigure(name, percentile(own, 0.5), percentile(theirs, 0.5), peakBytes);
}

/** From the start of the program to its end. Most resident memory in bytes. Throws Unavailable when one is not rendered. */
async function renderAll(renderer: string, dir: string, jobs: readonly object[]): Promise<number> {
  const child = spawn(renderer, [], { env: {} });
  const complaints = text(child.stderr);
  // A program that ends early is told of below, with what it complained of.
  child.stdin.on('error', () => undefined);
  child.stdin.write(jobs.map((job, index) => `${JSON.stringify({ id: String(index), roots: { '': dir }, job })}\n`).join(''));
  let answered = 0;
  let peakBytes = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    if (!isRendered(line)) continue;
    answered += 1;
    // Nothing can be read of a process that has ended, as it may do of its own accord when it has nothing to do.
    if (answered % LOOK_EVERY === 0) peakBytes = Math.max(peakBytes, residentOf(child.pid ?? 0).peak);
    if (answered === jobs.length) child.stdin.end();
  }
  if (answered < jobs.length) throw new Unavailable(`the renderer ended after ${answered} of ${jobs.length} answers: ${await complaints}`);
  return peakBytes;
}

/** False for the line that says that the renderer is ready. Throws Unavailable for an answer without the sample's objects. */
function isRendered(line: string): boolean {
  const answer: unknown = JSON.parse(line);
  if (isRecord(answer) && answer['ready'] === true) return false;
  const documents = isRecord(answer) ? answer['documents'] : undefined;
  if (Array.isArray(documents) && documents.length === KINDS.length) return true;
  throw new Unavailable(`the renderer answered ${line.slice(0, 500)}`);
}
