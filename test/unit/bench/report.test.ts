import { expect, test } from 'vitest';
import { type Measured, rowsOf, workOf } from '../../../infra/bench/figures.ts';
import { parseStat } from '../../../infra/bench/memory.ts';
import { compareFigure, renderFigure } from '../../../infra/bench/report.ts';
import { NO_REQUESTS } from '../../../infra/bench/requests.ts';
import { columns, reportText, timeText } from '../../../infra/bench/table.ts';

const NOTHING: Measured = {
  size: 100,
  rollouts: [],
  pushes: [],
  pushesOfAll: [],
  drifts: [],
  steady: undefined,
  waves: undefined,
  limits: undefined,
};
const MACHINE = { processor: 'a processor', cores: 2, memoryBytes: 8e9, system: 'Linux', node: '24.0.0', load: [0, 1] } as const;

test('what was not measured has no row', () => {
  expect(rowsOf(NOTHING)).toEqual([]);
  expect(workOf(NOTHING)).toEqual([]);
});

test('a rollout is over when the last Application is live, and its goal is held against the 95th percentile', () => {
  const [rollout, half] = rowsOf({
    ...NOTHING,
    rollouts: [
      [1000, 4000, 9000],
      [2000, 5000, 11_000],
    ],
  });
  expect(rollout).toMatchObject({ times: { count: 2, p50: 9000, p95: 11_000 }, goal: { met: false } });
  expect(half).toMatchObject({ times: { p50: 4000, p95: 5000 } });
});

test('pushes stand beside the limit of one Application, and beside that of all', () => {
  const scale = { one: { kustomize: 10, rawApply: 12, kubectlApply: 100 }, all: { kustomize: 900, rawApply: 600, kubectlApply: 2000 } };
  const limits = { created: scale, changed: scale, unchanged: scale };
  const [one, all] = rowsOf({ ...NOTHING, pushes: [{ of: 10, times: [200] }], pushesOfAll: [[3000]], limits });
  expect(one).toMatchObject({ name: 'push that changes 1 of 10', limits: scale.one, goal: { met: true } });
  expect(all).toMatchObject({ limits: scale.all, goal: { met: true } });
});

test('a write, a dry run or a render where nothing has changed misses the goal', () => {
  const quiet = { requests: { ...NO_REQUESTS, read: 6 }, runs: { renderer: 0, git: 1 } };
  const steady = { reconciles: [15], sweeps: [300], resyncs: [400], reconcile: quiet, sweep: quiet, resync: quiet };
  const metBy = (changed: object) => workOf({ ...NOTHING, steady: { ...steady, ...changed } }).map(({ goal }) => goal?.met);
  expect(metBy({})).toEqual([true, true, true]);
  expect(metBy({ reconcile: { ...quiet, requests: { ...NO_REQUESTS, read: 8 } } })).toEqual([false, true, true]);
  expect(metBy({ sweep: { ...quiet, requests: { ...NO_REQUESTS, dryRun: 1 } } })).toEqual([true, false, true]);
  expect(metBy({ resync: { ...quiet, runs: { renderer: 1, git: 1 } } })).toEqual([true, true, false]);
});

test('a renderer that is not three times as fast as the stock tool misses its goal, and the report says how fast it is', () => {
  const renders = [renderFigure('100 overlays', 250, 760, 90e6), renderFigure('100 releases', 1000, 2900, 90e6)];
  expect(renders.map(({ goal }) => goal.met)).toEqual([true, false]);
  const text = reportText({
    rows: [],
    work: [],
    renders,
    comparison: undefined,
    imports: [],
    memory: undefined,
    machine: MACHINE,
    seconds: 12,
  });
  expect(text).toMatch(/^100 overlays +250 ms +760 ms +3\.0 +90 MB +≥ 3 times as fast: met$/m);
  expect(text).toMatch(/^100 releases +1\.00 s +2\.90 s +2\.9 +90 MB +≥ 3 times as fast: MISSED$/m);
});

test('a comparison in memory that is not ten times as fast as dry runs misses its goal, and the report tells what an object costs', () => {
  const empty = { rows: [], work: [], renders: [], imports: [], memory: undefined, machine: MACHINE, seconds: 12 };
  const comparison = compareFigure(1000, 4, 40, 50e6, 2000);
  const text = reportText({ ...empty, comparison });
  expect(text).toMatch(/^1000 settled objects +40 ms +50000 kB +2\.00 s +50 +≥ 10 times as fast: met$/m);
  expect(text).toMatch(/^an Application of 4 +0\.2 ms +200 kB +8\.0 ms +50$/m);
  expect(text).toMatch(/^an object +40 µs +50 kB +2\.0 ms +50$/m);
  expect(compareFigure(1000, 4, 250, 0, 2000).goal.met).toBe(false);
});

test.each([
  { milliseconds: 4.25, text: '4.3 ms' },
  { milliseconds: 116.4, text: '116 ms' },
  { milliseconds: 3190, text: '3.19 s' },
  { milliseconds: undefined, text: '-' },
])('$milliseconds ms is shown as $text', ({ milliseconds, text }) => {
  expect(timeText(milliseconds)).toBe(text);
});

test('columns are as wide as their widest cell', () => {
  expect(
    columns([
      ['', 'n', 'goal'],
      ['a name', '100', 'met'],
    ]),
  ).toEqual(['          n  goal', 'a name  100  met']);
});

test('the report shows a missed goal, and the other tool only for scale', () => {
  const rows = rowsOf({ ...NOTHING, pushes: [{ of: 1, times: [1500] }] });
  const text = reportText({
    rows,
    work: [],
    renders: [],
    comparison: undefined,
    imports: [],
    memory: undefined,
    machine: MACHINE,
    seconds: 12,
  });
  expect(text).toContain('push that changes 1 of 1  1  1.50 s  1.50 s');
  expect(text).toContain('p95 ≤ 1 s: MISSED');
  expect(text).toContain('Argo CD 3.6 (stock settings, two cores, this kind of control plane; measured apart, not in this run)');
});

test('a process is read from its stat line whatever its name holds', () => {
  expect(parseStat('4711 (a (b) c) S 42 4711 4711 0')).toEqual({ name: 'a (b) c', parent: 42 });
  expect(parseStat('12 (MainThread) S 7 12 12 0')).toEqual({ name: 'node', parent: 7 });
  expect(parseStat('')).toEqual({ name: '', parent: 0 });
});
