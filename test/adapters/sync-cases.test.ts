// The scripts of test/cases/sync on the run's control plane: each round comes out as on the simulator. None is left out: a script that says
// what cannot be had here fails.
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
    expect(withoutUids(await real.play(script))).toEqual(withoutUids(expectedOf(script)));
  });
});

/** What the case's files say, and what is there on the simulator. */
function expectedOf(script: SyncScript): unknown {
  return simulated(script).map(({ round, live }) => {
    const { phase, message, rows, requests } = script.golden.read(`${round.name}/expected.yaml`) as Expected;
    return { phase, message, rows, requests: [...new Set(requests)].sort(), left: whatIsThere(live) };
  });
}

interface Expected {
  readonly phase: string;
  readonly message: string;
  readonly rows: readonly string[];
  readonly requests: readonly string[];
}

/** Every API server has its own. */
function withoutUids(rounds: unknown): unknown {
  return JSON.parse(JSON.stringify(rounds).replaceAll(/\(uid [^)]+\)/g, '(uid)'));
}
