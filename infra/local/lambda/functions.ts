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
  /** What `bundleService` made of it. */
  readonly bundles: readonly Bundle[];
  /** Folder for the workers' temporary files. */
  readonly tmpRoot: string;
  readonly resources: LocalResources;
  readonly environment: LocalValues;
  /** Most workers of a function at a time, unless the file reserves fewer. */
  readonly concurrency: number;
  readonly onLine: (functionName: string, line: string) => void;
  readonly onInvoked: (functionName: string, invoked: Invoked) => void;
}

export interface Functions {
  /** Throws InvalidInput when the file has no such function. */
  pool(name: string): Pool;
  workers(): readonly WorkerState[];
  /** New workers for every function, once those at work have answered. */
  renew(): Promise<void>;
  /** Waits up to `graceMs` for what is at work, then ends every worker. */
  close(graceMs: number): Promise<void>;
}

/** Bundles every function; the handlers' paths are relative to `root`. Throws InvalidInput for a handler without a module. */
export async function bundleService(service: Service, root: string, outDir: string): Promise<readonly Bundle[]> {
  const entries = service.functions.map((given) => ({ name: given.name, entry: entryOf(given, root) }));
  return bundleFunctions(entries, { root, outDir });
}

/** Starts one worker of each function. Throws InvalidInput for a variable that has no value here; nothing is left running then. */
export async function startFunctions(options: FunctionsOptions): Promise<Functions> {
  const { functions: all } = options.service;
  const environments = all.map((given) => functionEnvironment(given, options.resources, options.environment));
  const pools = all.map((given, at) => poolOf(given, environments[at] ?? {}, options));
  const functions: Functions = {
    pool: (name) => poolNamed(name, pools),
    workers: () => pools.flatMap((pool) => pool.workers()),
    renew: async () => void (await Promise.all(pools.map((pool) => pool.renew()))),
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

function poolOf(given: ServiceFunction, environment: Readonly<Record<string, string>>, options: FunctionsOptions): Pool {
  const { onLine, onInvoked, tmpRoot } = options;
  return new Pool({
    functionName: given.name,
    file: options.bundles.find(({ name }) => name === given.name)?.file ?? '',
    exportName: given.handler.slice(given.handler.lastIndexOf('.') + 1),
    timeoutSeconds: given.timeoutSeconds,
    environment,
    limit: Math.max(1, Math.min(given.reservedConcurrency ?? options.concurrency, options.concurrency)),
    tmpRoot,
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
