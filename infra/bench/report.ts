// What was measured, as data: one row a figure, with its goal and with what the parts alone take in the same run.
import type { Memory } from './memory.ts';
import { type RequestCounts, totalRequests } from './requests.ts';
import { type Summary, summaryOf } from './statistics.ts';

/** The parts alone, in milliseconds: the least that the same work takes. */
export interface Limits {
  readonly kustomize?: number | undefined;
  readonly rawApply?: number | undefined;
  readonly kubectlApply?: number | undefined;
}

export interface Row {
  readonly name: string;
  /** Milliseconds. */
  readonly times: Summary;
  readonly limits: Limits;
  readonly goal?: Goal | undefined;
}

/** What must not be exceeded. */
export interface Goal {
  readonly text: string;
  readonly met: boolean;
}

/** What something made the functions do. */
export interface Work {
  readonly name: string;
  readonly requests: RequestCounts;
  readonly total: number;
  /** Renders, and runs of git. */
  readonly runs: Readonly<Record<string, number>>;
  readonly goal?: Goal | undefined;
}

/** Many renders in one start of the renderer, in milliseconds, beside the stock tool on the same files, as many at a time as there are cores. */
export interface RenderFigure {
  readonly name: string;
  readonly renderer: number;
  readonly stock: number;
  /** Most resident memory of the renderer. */
  readonly peakBytes: number;
  readonly goal: Goal;
}

/** A comparison of so many settled objects in memory, in milliseconds, beside a dry run of each. */
export interface CompareFigure {
  readonly objects: number;
  /** Objects of an Application. */
  readonly each: number;
  readonly memory: number;
  readonly allocatedBytes: number;
  readonly dryRuns: number;
  readonly goal: Goal;
}

export interface ColdImport {
  readonly name: string;
  readonly bytes: number;
  readonly milliseconds: number;
}

export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly system: string;
  readonly node: string;
  /** One-minute load before and after. */
  readonly load: readonly [number, number];
}

export interface Report {
  readonly rows: readonly Row[];
  readonly work: readonly Work[];
  readonly renders: readonly RenderFigure[];
  readonly comparison: CompareFigure | undefined;
  readonly imports: readonly ColdImport[];
  readonly memory: Memory | undefined;
  readonly machine: Machine;
  readonly seconds: number;
}

/** `mostMs` is held against the 95th percentile. */
export function row(name: string, times: readonly number[], limits: Limits, mostMs?: number): Row {
  const summary = summaryOf(times);
  const goal = mostMs === undefined ? undefined : { text: `p95 ≤ ${mostMs / 1000} s`, met: summary.p95 <= mostMs };
  return { name, times: summary, limits, goal };
}

export function workDone(
  name: string,
  done: Pick<Work, 'requests' | 'runs'>,
  goal: { readonly text: string; readonly holds: (work: Work) => boolean },
): Work {
  const work = { name, requests: done.requests, total: totalRequests(done.requests), runs: done.runs };
  return { ...work, goal: { text: goal.text, met: goal.holds(work) } };
}

/** How many times as fast as the stock tool the renderer must be at least. */
const LEAST_RATIO = 3;

export function renderFigure(name: string, renderer: number, stock: number, peakBytes: number): RenderFigure {
  return { name, renderer, stock, peakBytes, goal: { text: `≥ ${LEAST_RATIO} times as fast`, met: stock / renderer >= LEAST_RATIO } };
}

/** How many times as fast as dry runs a comparison in memory must be at least. */
const LEAST_GAIN = 10;

export function compareFigure(objects: number, each: number, memory: number, allocatedBytes: number, dryRuns: number): CompareFigure {
  const goal = { text: `≥ ${LEAST_GAIN} times as fast`, met: dryRuns / memory >= LEAST_GAIN };
  return { objects, each, memory, allocatedBytes, dryRuns, goal };
}

/** Argo CD 3.6 with its stock settings, two cores, a control plane of this kind, 100 such Applications; measured apart, not in this run. */
export const ARGO_CD: readonly string[] = [
  'first rollout of 100: 49 s',
  'a push that changes one of 100: live after 5.6-7.2 s',
  'a push that changes all 100: live after 40 s, half of them after 24 s',
  'drift of all 100: healed after 44 s',
  'controller: 340-700 MB resident',
];
