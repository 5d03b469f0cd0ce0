// The functions of serverless.yml as they are deployed: each bundled, given its environment, and run by workers of its own.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { InvalidInput } from '../../../lib/model/errors.ts';
import { type Bundle, bundleFunctions } from '../../package/bundle.ts';
import type { LocalResources } from '../serverless/references.ts';
import type { Service, ServiceFunction } from '../serverless/service.ts';
import { functionEnvironment, type LocalValues } from './environment.ts';
import { type Invoked, Pool, type WorkerState } from './pool.ts';

export interface FunctionsOptions {
  readonly service: Service;
  /** Folder that the handlers' paths are relative to. */
  readonly root: string;
  /** Folder for the bundles and for the workers' temporary files. */
  readonly dir: string;
  readonly resources: LocalResources;
  readonly environment: LocalValues;
  /** Most workers of a function at a time, unless the file reserves fewer. */
  readonly concurrency: number;
  readonly onLine: (functionName: string, line: string) => void;
  readonly onInvoked: (functionName: string, invoked: Invoked) => void;
}

export interface Functions {
  readonly bundles: readonly Bundle[];
  /** Throws InvalidInput when the file has no such function. */
  pool(name: string): Pool;
  workers(): readonly WorkerState[];
  /** Waits up to `graceMs` for what is at work, then ends every worker. */
  close(graceMs: number): Promise<void>;
}

/** Builds all, and starts one worker of each. Throws InvalidInput for what has no value here; nothing is left running then. */
export async function startFunctions(options: FunctionsOptions): Promise<Functions> {
  const { service, root, dir } = options;
  const entries = service.functions.map((given) => ({ name: given.name, entry: entryOf(given, root) }));
  const environments = service.functions.map((given) => functionEnvironment(given, options.resources, options.environment));
  const bundles = await bundleFunctions(entries, { root, outDir: join(dir, 'bundles') });
  const pools = service.functions.map((given, at) => poolOf(given, bundles[at]?.file ?? '', environments[at] ?? {}, options));
  const functions: Functions = {
    bundles,
    pool: (name) => poolNamed(name, pools),
    workers: () => pools.flatMap((pool) => pool.workers()),
    close: async (graceMs) => void (await Promise.all(pools.map((pool) => pool.close(graceMs)))),
  };
  try {
    await Promise.all(pools.map((pool) => pool.warm(1)));
  } catch (thrown) {
    await functions.close(0);
    throw thrown;
  }
  return functions;
}

function poolOf(given: ServiceFunction, file: string, environment: Readonly<Record<string, string>>, options: FunctionsOptions): Pool {
  const { onLine, onInvoked } = options;
  return new Pool({
    functionName: given.name,
    file,
    exportName: given.handler.slice(given.handler.lastIndexOf('.') + 1),
    timeoutSeconds: given.timeoutSeconds,
    environment,
    limit: Math.max(1, Math.min(given.reservedConcurrency ?? options.concurrency, options.concurrency)),
    tmpRoot: join(options.dir, 'tmp'),
    onLine,
    onInvoked,
  });
}

function poolNamed(name: string, pools: readonly Pool[]): Pool {
  const pool = pools.find((one) => one.options.functionName === name);
  if (pool === undefined) throw new InvalidInput(`serverless.yml has no function ${name}`);
  return pool;
}

/** The module of a handler: `functions/webhook.handler` is `functions/webhook.ts`. */
function entryOf(given: ServiceFunction, root: string): string {
  const path = join(root, given.handler.slice(0, given.handler.lastIndexOf('.')));
  const entry = ['.ts', '.mts', '.js', '.mjs'].map((extension) => path + extension).find(existsSync);
  if (entry === undefined)
    throw new InvalidInput(`serverless.yml: functions.${given.name}: there is no module ${path}.ts for handler ${given.handler}`);
  return entry;
}
