// The command line as a program with a control namespace of its own. No worker runs there: where one would answer, the test does.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { collectionPath, eventually, freshName, type World, world } from '../world/world.ts';
import { type Ran, run } from './program.ts';

const ROOT = join(import.meta.dirname, '../..');
export const GROUP = 'argoproj.io/v1alpha1';

export interface CliWorld extends World {
  /** Control namespace. */
  readonly namespace: string;
  /** Home folder of whoever runs the commands. */
  readonly folder: string;
  readonly evenkeel: (args: readonly string[], how?: How) => Promise<Ran>;
  /** Creates an Application, of one source at `repoURL` unless `spec` says otherwise; returns its name. */
  readonly application: (options?: { readonly spec?: object; readonly labels?: object; readonly status?: object }) => Promise<string>;
  /** Merge-patches an Application. */
  readonly change: (name: string, patch: object) => Promise<unknown>;
  // biome-ignore lint/suspicious/noExplicitAny: what the API server answers is the test's to take apart
  readonly read: (name: string) => Promise<any>;
  readonly close: () => void;
}

interface How {
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly interrupt?: Promise<unknown>;
}

/** Kinds, a project that permits everything, and commands with nothing but what they need in their environment. */
export async function cliWorld(repoURL: string): Promise<CliWorld> {
  const here = world();
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-cli-'));
  const namespace = await here.freshNamespace('cli');
  const project = { apiVersion: GROUP, kind: 'AppProject', metadata: { name: 'default' } };
  const spec = {
    sourceRepos: ['*'],
    destinations: [{ server: '*', namespace: '*' }],
    clusterResourceWhitelist: [{ group: '*', kind: '*' }],
  };
  await eventually(() => here.create(GROUP, 'appprojects', namespace, { ...project, spec }));
  const pathOf = (name: string) => `${collectionPath(GROUP, 'applications', namespace)}/${name}`;
  return {
    ...here,
    namespace,
    folder,
    evenkeel: commandsIn(here, namespace, folder),
    application: (options = {}) => createApplication(here, namespace, repoURL, options),
    change: (name, body) => here.api.send(pathOf(name), { method: 'PATCH', body }),
    read: (name) => here.api.send(pathOf(name)),
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Commands in a control namespace, by somebody whose home is `folder`. */
export function commandsIn(here: World, namespace: string, folder: string): CliWorld['evenkeel'] {
  const environment = {
    PATH: process.env['PATH'] ?? '',
    HOME: folder,
    TZ: 'UTC',
    KUBECONFIG: here.kubeconfigPath,
    EVENKEEL_NAMESPACE: namespace,
    // Homes of tests are empty: what one command has read need not be read by all that follow.
    NODE_COMPILE_CACHE: join(ROOT, 'node_modules', '.cache', 'evenkeel'),
  };
  return (args, { input, env, interrupt } = {}) =>
    run(process.execPath, [join(ROOT, 'lib/cli/evenkeel.js'), ...args], {
      cwd: folder,
      env: { ...environment, ...env },
      ...(input === undefined ? {} : { input }),
      ...(interrupt && { interrupt }),
    });
}

async function createApplication(
  here: World,
  namespace: string,
  repoURL: string,
  { spec = {}, labels = {}, status }: { readonly spec?: object; readonly labels?: object; readonly status?: object },
): Promise<string> {
  const name = freshName('app');
  await here.create(GROUP, 'applications', namespace, {
    apiVersion: GROUP,
    kind: 'Application',
    metadata: { name, labels },
    spec: {
      project: 'default',
      source: { repoURL, path: '.', targetRevision: 'main' },
      destination: { name: 'in-cluster', namespace },
      ...spec,
    },
    ...(status ? { status } : {}),
  });
  return name;
}

/** The time in whole seconds, as status has it, some seconds from now. */
export function seconds(from: number): string {
  return new Date(Date.now() + from * 1000).toISOString().replace(/\.\d+Z$/, 'Z');
}

/** A status that every wait is content with. */
export const SYNCED = {
  sync: { status: 'Synced', revision: 'a'.repeat(40), comparedTo: { source: { repoURL: 'r' }, destination: {} } },
  health: { status: 'Healthy' },
};

/** Plays the worker: takes the operation up, finishes it, and compares once more. Returns what was asked for. */
export async function finishOperation(
  here: CliWorld,
  name: string,
  phase: string,
  rest: { readonly sync?: string; readonly resources?: readonly object[] } = {},
): Promise<object> {
  const { operation } = await eventually(async () => {
    const found = await here.read(name);
    expect(found.operation).toBeDefined();
    return found;
  });
  const started = { operation, phase: 'Running', startedAt: seconds(-1), message: 'one or more tasks are running' };
  await here.change(name, { status: { operationState: started } });
  const result = { revision: 'a'.repeat(40), source: { repoURL: 'r' }, resources: rest.resources ?? [] };
  const finished = { ...started, phase, message: `ended as ${phase}`, finishedAt: seconds(0), syncResult: result };
  const sync = { ...SYNCED.sync, status: rest.sync ?? 'Synced' };
  await here.change(name, { operation: null, status: { ...SYNCED, sync, operationState: finished, reconciledAt: seconds(1) } });
  return operation;
}
