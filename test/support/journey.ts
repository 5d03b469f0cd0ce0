// A local host on the run's control plane, with a control namespace of its own, and what a journey needs around it: repositories to push
// to, small Applications, waits that say what was seen last.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { controlPlanePrograms } from '../../infra/local/cache/control-plane.ts';
import { type Host, startHost } from '../../infra/local/host.ts';
import type { HostOptions } from '../../infra/local/parts.ts';
import { type Application, parseApplication } from '../../lib/model/application.ts';
import { messageOf } from '../../lib/model/errors.ts';
import { encodeRequest } from '../../lib/model/request.ts';
import { collectionPath, freshName, type World, world, worldOf } from '../world/world.ts';
import { type Ran, run, succeed } from './program.ts';

const ROOT = join(import.meta.dirname, '../..');
const TICK_MS = 250;
export const GROUP = 'argoproj.io/v1alpha1';

/** Files of a commit: text, an object to be written as YAML, or undefined to remove. */
export type Files = Readonly<Record<string, string | object | undefined>>;

export interface Repository {
  readonly url: string;
  readonly dir: string;
  /** Commits the changes on top and pushes them; resolves with the commit when the webhook has been told. */
  commit(files: Files): Promise<string>;
  git(...args: readonly string[]): Promise<string>;
}

export interface ApplicationOptions {
  readonly name?: string;
  /** Destination namespace; one of its own unless given. */
  readonly namespace?: string;
  readonly path?: string;
  readonly metadata?: object;
  /** Over a spec of one source, automated with prune and selfHeal. */
  readonly spec?: object;
}

export interface Deployed {
  readonly name: string;
  /** Destination namespace. */
  readonly namespace: string;
  read(): Promise<Application>;
  /** Merge-patches the Application. */
  change(patch: object): Promise<unknown>;
  /** Repeats `check` until it passes; fails with how the Application stood last. */
  until(check: (application: Application) => void, withinMs?: number): Promise<Application>;
  /** Synced, Healthy and at rest, at that commit when one is given. */
  synced(revision?: string): Promise<Application>;
}

export interface Journey extends World {
  readonly host: Host;
  /** Control namespace of this host. */
  readonly control: string;
  /** A folder for the test's own files. */
  readonly folder: string;
  /** What the host said: pushes, warnings, failed invocations. */
  readonly notices: readonly string[];
  repository(files: Files): Promise<Repository>;
  application(repository: Pick<Repository, 'url'>, options?: ApplicationOptions): Promise<Deployed>;
  /** An Application that the test created in another way. */
  existing(name: string, namespace: string): Deployed;
  /** An object by its URL path below the kind's collection, or undefined. */
  find(
    groupVersion: string,
    plural: string,
    namespace: string | undefined,
    name: string,
  ): Promise<Readonly<Record<string, unknown>> | undefined>;
  evenkeel(...args: readonly string[]): Promise<Ran>;
  /** Wakes an Application as a look of its own, past sweep and webhook; `at` is when its event was seen. */
  wake(name: string, event?: string, at?: number): Promise<unknown>;
  /** Ticks the sweep until `work` is done. */
  sweeping<T>(work: Promise<T>, everyMs?: number): Promise<T>;
  close(): Promise<void>;
}

/** Starts it, on a control plane of the test's own when one is given; schedules stand still unless `factor` says otherwise, so that ticks are the test's to make. */
export async function startJourney(options: Partial<HostOptions> = {}): Promise<Journey> {
  const { controlPlane } = options;
  const here = controlPlane === undefined ? world() : worldOf({ ...world(), ...controlPlane, kustomize: controlPlane.programs.kustomize });
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-journey-'));
  const notices: string[] = [];
  const host = await startHost({
    progress: () => undefined,
    notice: (line) => notices.push(line),
    controlPlane: await sharedPlane(here),
    namespace: freshName('control'),
    factor: 1e-4,
    visibilitySeconds: 5,
    ...options,
  });
  const control = host.namespace;
  const objectPath = (groupVersion: string, plural: string, namespace: string | undefined, name: string) =>
    `${collectionPath(groupVersion, plural, namespace)}/${name}`;
  const deployed = (name: string, namespace: string) => deployedIn(here, objectPath(GROUP, 'applications', control, name), name, namespace);
  return {
    ...here,
    host,
    control,
    folder,
    notices,
    repository: (files) => repositoryOn(host, folder, files),
    application: async (repository, wanted = {}) => {
      const { name = freshName('app'), namespace = await here.freshNamespace('dest') } = wanted;
      await here.create(GROUP, 'applications', control, manifestOf(name, namespace, repository.url, wanted));
      return deployed(name, namespace);
    },
    existing: deployed,
    find: async (groupVersion, plural, namespace, name) => found(here, objectPath(groupVersion, plural, namespace, name)),
    evenkeel: (...args) =>
      run(process.execPath, [join(ROOT, 'lib/cli/evenkeel.js'), ...args], {
        cwd: folder,
        env: {
          PATH: process.env['PATH'] ?? '',
          HOME: folder,
          KUBECONFIG: host.kubeconfigPath,
          EVENKEEL_NAMESPACE: control,
          EVENKEEL_KUBECTL: here.kubectl,
          EVENKEEL_HELM: here.helm,
          EVENKEEL_KUSTOMIZE: here.kustomize,
        },
      }),
    wake: (name, event = freshName('look'), at = Date.now()) => wake(host, name, event, at),
    sweeping: (work, everyMs = TICK_MS) => sweeping(host, work, everyMs),
    close: async () => {
      await host.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The run's control plane as a host takes it: what belongs to whoever started it is left out. */
async function sharedPlane(here: World) {
  const programs = await controlPlanePrograms({ progress: () => undefined });
  const { kubeconfigPath, server, ca, token, setCpu } = here;
  const failed = new Promise<Error>(() => undefined);
  return { kubeconfigPath, server, ca, token, setCpu, programs, failed, pids: {}, close: async () => undefined };
}

function manifestOf(
  name: string,
  namespace: string,
  repoURL: string,
  { path = '.', metadata = {}, spec = {} }: ApplicationOptions,
): object {
  return {
    apiVersion: GROUP,
    kind: 'Application',
    metadata: { name, ...metadata },
    spec: {
      project: 'default',
      source: { repoURL, path, targetRevision: 'main' },
      destination: { server: 'https://kubernetes.default.svc', namespace },
      syncPolicy: { automated: { prune: true, selfHeal: true } },
      ...spec,
    },
  };
}

function deployedIn(here: World, path: string, name: string, namespace: string): Deployed {
  const read = async () => parseApplication(await here.api.send(path));
  const until: Deployed['until'] = async (check, withinMs = 30_000) => {
    const deadline = Date.now() + withinMs;
    for (;;) {
      const application = await read();
      try {
        check(application);
        return application;
      } catch (fault) {
        if (Date.now() > deadline) throw new Error(`${name}: ${messageOf(fault)}\nnow: ${summary(application)}`, { cause: fault });
        await sleep(100);
      }
    }
  };
  return {
    name,
    namespace,
    read,
    change: (body) => here.api.send(path, { method: 'PATCH', body }),
    until,
    synced: (revision) =>
      until(({ status, operation }) => {
        const { sync, health, operationState } = status ?? {};
        expect({ sync: sync?.status, health: health?.status, phase: operationState?.phase, operation }).toMatchObject({
          sync: 'Synced',
          health: 'Healthy',
          operation: undefined,
        });
        if (revision !== undefined) expect(sync?.revision).toBe(revision);
      }),
  };
}

function summary({ status, operation, metadata }: Application): string {
  const { sync, health, operationState, conditions, resources } = status ?? {};
  const { phase, message, syncResult } = operationState ?? {};
  const { annotations, finalizers, deletionTimestamp } = metadata;
  return JSON.stringify(
    {
      annotations,
      finalizers,
      deletionTimestamp,
      sync,
      health,
      conditions,
      resources,
      operation,
      phase,
      message,
      rows: syncResult?.resources,
    },
    undefined,
    1,
  );
}

async function found(here: World, path: string): Promise<Readonly<Record<string, unknown>> | undefined> {
  try {
    return (await here.api.send(path)) as Readonly<Record<string, unknown>>; // the API server answers with an object
  } catch (fault) {
    if (/: 404 /.test(messageOf(fault))) return undefined;
    throw fault;
  }
}

async function sweeping<T>(host: Host, work: Promise<T>, everyMs: number): Promise<T> {
  const done = work.then(
    () => true,
    () => true,
  );
  while (!(await Promise.race([done, sleep(everyMs, false)]))) expect(await host.invoke('sweep', {})).toMatchObject({ ok: true });
  return work;
}

/** Sends a reconcile request as the sweep does. */
function wake(host: Host, name: string, event: string, at: number): Promise<unknown> {
  const application = { namespace: host.namespace, name };
  const body = encodeRequest({ application, reason: 'sweep', at, event, correlation: event });
  return sendMessage(host, body, `${host.namespace}/${name}`, event);
}

/** Puts a message of any content into the reconcile queue. */
export async function sendMessage(host: Host, body: string, group: string, deduplication: string): Promise<unknown> {
  const response = await fetch(host.endpoint, {
    method: 'POST',
    headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': 'AmazonSQS.SendMessage' },
    body: JSON.stringify({ QueueUrl: host.queueUrl, MessageBody: body, MessageGroupId: group, MessageDeduplicationId: deduplication }),
  });
  expect(response.status).toBe(200);
  return response.json();
}

async function repositoryOn(host: Host, folder: string, files: Files): Promise<Repository> {
  const name = freshName('repo');
  const dir = join(folder, name);
  mkdirSync(dir);
  const identity = ['-c', 'user.name=Robin', '-c', 'user.email=robin@example.com'];
  const git = async (...args: readonly string[]) => (await succeed('git', ['-C', dir, ...identity, ...args])).trim();
  await git('init', '-q', '-b', 'main');
  await git('remote', 'add', 'origin', `${host.gitUrl}/${name}.git`);
  const commit = async (changes: Files) => {
    for (const [path, content] of Object.entries(changes)) place(join(dir, path), content);
    await git('add', '-A');
    await git('commit', '-q', '--allow-empty', '-m', 'change');
    await git('push', '-q', 'origin', 'HEAD:main');
    await host.told();
    return git('rev-parse', 'HEAD');
  };
  await commit(files);
  return { url: `${host.gitUrl}/${name}.git`, dir, git, commit };
}

function place(path: string, content: string | object | undefined): void {
  rmSync(path, { force: true });
  if (content === undefined) return;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content, undefined, 2));
}

/** A ConfigMap, the smallest thing that one can deploy. */
export function configMap(name: string, data: Readonly<Record<string, string>>, metadata: object = {}): object {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, ...metadata }, data };
}
