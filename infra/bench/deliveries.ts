// The first half of the bench: Applications that are new, pushes that change one or all of them.
import { changeAll, changeOne, type Fleet, prepareFleet, retire, rollOut } from './fleet.ts';
import type { Landing } from './sightings.ts';
import type { Stage } from './stage.ts';

/** How often each figure is measured. */
export interface Repetitions {
  readonly rollouts: number;
  readonly pushes: number;
  readonly pushesOfAll: number;
  readonly reconciles: number;
  readonly sweeps: number;
  readonly resyncs: number;
  readonly limits: number;
}

export const FULL: Repetitions = { rollouts: 3, pushes: 20, pushesOfAll: 5, reconciles: 50, sweeps: 10, resyncs: 5, limits: 3 };
export const QUICK: Repetitions = { rollouts: 2, pushes: 6, pushesOfAll: 2, reconciles: 15, sweeps: 4, resyncs: 2, limits: 1 };

/** Rolls out fleets that are new, one after the other, and takes each away again. */
export async function measureRollouts(stage: Stage, size: number, times: number): Promise<readonly Landing[]> {
  const landings: Landing[] = [];
  for (let round = 1; round <= times; round += 1) {
    stage.say(`first rollout of ${size}, ${round}`);
    const fleet = await prepareFleet(stage, `rollout-${round}`, size);
    landings.push(await rollOut(stage, fleet));
    await retire(stage, fleet);
  }
  return landings;
}

/** Pushes that change one Application, another one each time. Milliseconds until it is live, and of those the push itself. */
export async function measurePushes(stage: Stage, fleet: Fleet, times: number): Promise<readonly number[]> {
  stage.say(`push that changes one of ${fleet.names.length}, ${times} times`);
  const taken: number[] = [];
  for (let round = 0; round < times; round += 1) {
    const name = fleet.names[round % fleet.names.length] ?? '';
    const { landing } = await changeOne(stage, fleet, name);
    taken.push(...landing.slice(-1));
  }
  return taken;
}

/** The same for a fleet of its own, which is taken away again. */
export async function measureSmallFleet(stage: Stage, size: number, times: number): Promise<readonly number[]> {
  const fleet = await prepareFleet(stage, `fleet-${size}`, size);
  await rollOut(stage, fleet);
  const taken = await measurePushes(stage, fleet, times);
  await retire(stage, fleet);
  return taken;
}

export async function measurePushesOfAll(stage: Stage, fleet: Fleet, times: number): Promise<readonly Landing[]> {
  stage.say(`push that changes all ${fleet.names.length}, ${times} times`);
  const landings: Landing[] = [];
  for (let round = 0; round < times; round += 1) landings.push((await changeAll(stage, fleet)).landing);
  return landings;
}

/** The moment at which half of them were live. */
export function halfway(landing: Landing): number {
  return landing[Math.ceil(landing.length / 2) - 1] ?? Number.NaN;
}

export function last(landing: Landing): number {
  return landing.at(-1) ?? Number.NaN;
}
