// Charts under test: over the run's renderer, in a cache folder of their own, with accesses that the test says.
import { createCharts } from '../../lib/adapters/charts.ts';
import type { RepositoryAccess } from '../../lib/model/repository.ts';
import type { Charts } from '../../lib/ports.ts';
import { world } from '../world/world.ts';

export interface ChartsUnderTest {
  readonly cacheDir: string;
  /** By repository URL, and by name where they have one; everything else is anonymous. */
  readonly accesses?: Readonly<Record<string, Partial<RepositoryAccess>>>;
  readonly options?: Partial<Parameters<typeof createCharts>[0]>;
}

export function accessOf(url: string, more: Partial<RepositoryAccess> = {}): RepositoryAccess {
  return {
    url,
    type: 'helm',
    name: '',
    credential: { kind: 'none' },
    clientCertificate: undefined,
    ca: undefined,
    knownHosts: '',
    insecure: false,
    forceBasic: false,
    proxy: undefined,
    enableOCI: false,
    plainHttp: false,
    identity: JSON.stringify(more.credential ?? ''),
    ...more,
  };
}

export function chartsUnderTest({ cacheDir, accesses = {}, options = {} }: ChartsUnderTest): Charts {
  const named = Object.entries(accesses).find.bind(Object.entries(accesses));
  return createCharts({
    renderer: world().renderer,
    cacheDir,
    clock: Date.now,
    timeoutSeconds: 30,
    dial: { loopback: true },
    credentials: {
      access: async (url) => accessOf(url, accesses[url]),
      named: async (name) => {
        const found = named(([, access]) => access.name === name);
        return found && accessOf(...found);
      },
    },
    ...options,
  });
}

export async function thrown(work: Promise<unknown>): Promise<Error> {
  return work.then(
    () => {
      throw new Error('nothing was thrown');
    },
    (error: Error) => error,
  );
}
