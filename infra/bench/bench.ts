// Program: `npm run bench`. Brings up the local host, measures, prints one report.
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, loadavg, release, tmpdir, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { messageOf } from '../../lib/model/errors.ts';
import { interrupts, printerTo } from '../local/terminal.ts';
import { coldImport } from '../package/cold-import.ts';
import { measureCompare } from './compare.ts';
import { FULL, measurePushes, measurePushesOfAll, measureRollouts, measureSmallFleet, QUICK, type Repetitions } from './deliveries.ts';
import { type Measured, rowsOf, workOf } from './figures.ts';
import { type Fleet, prepareFleet, rollOut } from './fleet.ts';
import { measureLimits } from './limits.ts';
import { startSampler } from './memory.ts';
import { type BenchOptions, HELP, type Part, parseOptions } from './options.ts';
import { measureRenders } from './render.ts';
import type { ColdImport, Machine, Report } from './report.ts';
import { openStage, type Stage } from './stage.ts';
import { measureDrift, measureSteady } from './steady.ts';
import { reportText } from './table.ts';
import { measureWaves } from './waves.ts';

const SIZE = 100;
const SMALL = [1, 10];
const RENDERS = { quick: [100], full: [100, 1000] };

type Has = (part: Part) => boolean;
type Say = (line: string) => void;

async function main(say: Say, signal: AbortSignal): Promise<void> {
  const options = parseOptions(process.argv.slice(2));
  const printOut = printerTo(process.stdout);
  if (options.help) return printOut(HELP);
  const dir = await mkdtemp(join(tmpdir(), 'evenkeel-bench-'));
  try {
    const report = await measureAll(options, dir, say, signal);
    printOut(options.json ? JSON.stringify(report, undefined, 2) : reportText(report));
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

async function measureAll(options: BenchOptions, dir: string, say: Say, signal: AbortSignal): Promise<Report> {
  const startedAt = performance.now();
  const load = loadNow();
  const stage = await openStage(dir, say, signal);
  try {
    const figures = await Promise.race([measureStage(stage, options), interrupted(signal)]);
    return { ...figures, machine: machineNow(load), seconds: (performance.now() - startedAt) / 1000 };
  } finally {
    await stage.close();
  }
}

async function measureStage(stage: Stage, { quick, parts }: BenchOptions): Promise<Omit<Report, 'machine' | 'seconds'>> {
  const has: Has = (part) => parts.has(part);
  const times = quick ? QUICK : FULL;
  const sampler = startSampler(() => stage.host.processes().map(({ name, pid }) => ({ kind: name, pid })));
  try {
    const measured = await measureHost(stage, has, times);
    const memory = usesHost(has) ? sampler.read() : undefined;
    const waves = has('waves') ? await measureWaves(stage, SIZE) : undefined;
    const limits = has('limits') ? await measureLimits(stage, SIZE, times.limits) : undefined;
    const renders = has('render') ? await measureRenders(stage, quick ? RENDERS.quick : RENDERS.full, times.limits) : [];
    const comparison = has('compare') ? await measureCompare(stage) : undefined;
    const imports = has('import') ? await coldImports(stage) : [];
    const all = { ...measured, waves, limits };
    return { rows: rowsOf(all), work: workOf(all), renders, comparison, imports, memory };
  } finally {
    sampler.stop();
  }
}

function usesHost(has: Has): boolean {
  return has('rollout') || has('push') || has('steady') || has('waves');
}

/** The large fleet stays up from its last rollout on; the small ones come and go before it. */
async function measureHost(stage: Stage, has: Has, times: Repetitions): Promise<Omit<Measured, 'limits' | 'waves'>> {
  const rollouts = has('rollout') ? [...(await measureRollouts(stage, SIZE, times.rollouts - 1))] : [];
  const pushes: { of: number; times: readonly number[] }[] = [];
  for (const of of has('push') ? SMALL : []) pushes.push({ of, times: await measureSmallFleet(stage, of, times.pushes) });
  if (!has('rollout') && !has('push') && !has('steady'))
    return { size: SIZE, rollouts, pushes, pushesOfAll: [], drifts: [], steady: undefined };
  const fleet: Fleet = await prepareFleet(stage, 'fleet', SIZE);
  rollouts.push(await rollOut(stage, fleet));
  if (has('push')) pushes.push({ of: SIZE, times: await measurePushes(stage, fleet, times.pushes) });
  const pushesOfAll = has('push') ? await measurePushesOfAll(stage, fleet, times.pushesOfAll) : [];
  const drifts = has('steady') ? [await measureDrift(stage, fleet)] : [];
  const steady = has('steady') ? await measureSteady(stage, fleet, times) : undefined;
  return { size: SIZE, rollouts: has('rollout') ? rollouts : [], pushes, pushesOfAll, drifts, steady };
}

async function coldImports({ host, say }: Stage): Promise<readonly ColdImport[]> {
  say('cold import of each function');
  const imports: ColdImport[] = [];
  for (const { name, file, bytes } of host.bundles) imports.push({ name, bytes, milliseconds: await coldImport(file) });
  return imports;
}

function machineNow(before: number): Machine {
  const [processor] = cpus();
  return {
    processor: processor?.model ?? 'unknown',
    cores: cpus().length,
    memoryBytes: totalmem(),
    system: `${type()} ${release()}`,
    node: process.versions.node,
    load: [before, loadNow()],
  };
}

function loadNow(): number {
  return loadavg()[0] ?? 0;
}

function interrupted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('interrupted')), { once: true }));
}

const say = printerTo(process.stderr);
const signal = interrupts(say);
main(say, signal).then(
  () => process.exit(0),
  (thrown: unknown) => {
    // What fails because a person wants to stop is no failure to explain.
    if (signal.aborted) process.exit(130);
    console.error(messageOf(thrown));
    process.exit(1);
  },
);
