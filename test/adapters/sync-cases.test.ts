// The scripts of test/cases/sync on the run's control plane: they come out as they do on the simulator.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RealCluster, startRealCluster } from '../support/real-cluster.ts';
import { type SyncScript, simulated, syncScripts, whatIsThere } from '../support/sync-script.ts';
import { world } from '../world/world.ts';

let real: RealCluster;

beforeAll(async () => {
  real = await startRealCluster(world());
});

afterAll(() => real.close());

describe('a sync on a real API server in which', { concurrent: true }, () => {
  test.each(syncScripts().map((script) => ({ name: script.golden.name, script })))('$name', async ({ script }) => {
    const played = await real.play(script);
    const found = played.map(({ round, phase, message, rows }) => ({ round: round.name, phase, message, rows }));
    expect(withoutUids(found)).toEqual(withoutUids(expectedOf(script)));
    expect(played.map(({ left }) => left)).toEqual(simulated(script).map(({ live }) => whatIsThere(live)));
  });
});

function expectedOf({ golden, rounds }: SyncScript): readonly object[] {
  return rounds.map(({ name }) => {
    const { phase, message, rows } = golden.read(`${name}/expected.yaml`) as Readonly<Record<string, unknown>>;
    return { round: name, phase, message, rows };
  });
}

/** Every API server has its own. */
function withoutUids(rounds: unknown): unknown {
  return JSON.parse(JSON.stringify(rounds).replaceAll(/\(uid [^)]+\)/g, '(uid)'));
}
