// Measurements -> the rows of the report: which goal each has, and which limit it is held against.
import { halfway, last } from './deliveries.ts';
import type { LimitFigures, Scale } from './limits.ts';
import { type Limits, type Row, row, type Work, workDone } from './report.ts';
import { KINDS } from './sample.ts';
import type { Landing } from './sightings.ts';
import type { Steady } from './steady.ts';
import type { Waves } from './waves.ts';

/** What was measured; empty where a part was left out. */
export interface Measured {
  /** Applications in the large fleet. */
  readonly size: number;
  readonly rollouts: readonly Landing[];
  /** Pushes that change one of so many. */
  readonly pushes: readonly { readonly of: number; readonly times: readonly number[] }[];
  readonly pushesOfAll: readonly Landing[];
  readonly drifts: readonly number[];
  readonly steady: Steady | undefined;
  readonly waves: Waves | undefined;
  readonly limits: LimitFigures | undefined;
}

export function rowsOf({ size, rollouts, pushes, pushesOfAll, drifts, steady, waves, limits }: Measured): readonly Row[] {
  const rows = [
    row(`first rollout of ${size}`, rollouts.map(last), all(limits?.created), 10_000),
    row('  half of them', rollouts.map(halfway), {}),
    ...pushes.map(({ of, times }) => row(`push that changes 1 of ${of}`, times, one(limits?.changed), 1000)),
    row(`push that changes all ${size}`, pushesOfAll.map(last), all(limits?.changed), 8000),
    row('  half of them', pushesOfAll.map(halfway), {}),
    row(`drift of all ${size}, from the tick that finds it`, drifts, applyOnly(limits?.changed.all)),
    row('no-change reconcile', steady?.reconciles ?? [], applyOnly(limits?.unchanged.one)),
    row(`no-change reconciles of all ${size}`, steady?.resyncs ?? [], applyOnly(limits?.unchanged.all)),
    row(`no-change sweep of ${size}`, steady?.sweeps ?? [], {}),
    row(`first sync of ${size} in three waves with a PreSync Job`, waves ? [last(waves.landing)] : [], {}),
  ];
  return rows.filter(({ times }) => times.count > 0);
}

function one(scale: Scale | undefined): Limits {
  return scale?.one ?? {};
}

function all(scale: Scale | undefined): Limits {
  return scale?.all ?? {};
}

/** Of what renders nothing the tool is no limit. */
function applyOnly(limits: Limits | undefined): Limits {
  return { rawApply: limits?.rawApply, kubectlApply: limits?.kubectlApply };
}

export function workOf(measured: Measured): readonly Work[] {
  return [...steadyWork(measured), ...wavesWork(measured)];
}

function wavesWork({ size, waves }: Measured): readonly Work[] {
  if (waves === undefined) return [];
  const { counted, objects } = waves;
  return [
    workDone(`first sync of ${size} in three waves, ${objects} objects`, counted, {
      text: '≤ 2 writes an object, no dry run',
      holds: ({ requests }) => requests.write <= 2 * objects && requests.dryRun === 0,
    }),
  ];
}

function steadyWork({ size, steady }: Measured): readonly Work[] {
  if (steady === undefined) return [];
  const { reconcile, sweep, resync } = steady;
  const most = 3 + KINDS.length;
  return [
    workDone('no-change reconcile', reconcile, {
      text: `≤ ${most} requests (3 and one a kind), no write`,
      holds: ({ requests, total }) => total <= most && requests.write === 0 && requests.dryRun === 0,
    }),
    workDone(`no-change sweep of ${size}`, sweep, {
      text: 'no dry run, renders nothing',
      holds: ({ requests, runs }) => requests.dryRun === 0 && runs['renderer'] === 0,
    }),
    workDone(`no-change reconciles of all ${size}`, resync, {
      text: 'no dry run, renders nothing, no write',
      holds: ({ requests, runs }) => requests.dryRun === 0 && requests.write === 0 && runs['renderer'] === 0,
    }),
  ];
}
