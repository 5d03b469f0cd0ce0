// What measuring needs at hand: the running local host, the cluster as its administrator, and fleets of Applications that are live.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createCluster, type OpenCluster } from '../../lib/adapters/kubernetes.ts';
import { Unavailable } from '../../lib/model/errors.ts';
import { encodeRequest, type ReconcileRequest } from '../../lib/model/request.ts';
import { rendererProgram } from '../local/cache/renderer.ts';
import type { ControlPlane } from '../local/controlplane/controlplane.ts';
import { type Host, startHost } from '../local/host.ts';
import { type Intercepted, startInterceptor } from '../local/interceptor.ts';
import { type CountedPrograms, countedPrograms, gitPath } from './programs.ts';
import { countRequests, type RequestCounts } from './requests.ts';
import { type Sightings, watchCluster } from './sightings.ts';

export interface Stage {
  readonly host: Host;
  readonly controlPlane: ControlPlane;
  /** The cluster by the administrator's identity. */
  readonly cluster: OpenCluster;
  readonly sightings: Sightings;
  readonly programs: CountedPrograms;
  readonly say: (line: string) => void;
  close(): Promise<void>;
}

/** Ticks come when they are asked for, and not by themselves while something else is measured. */
const NO_TICKS = 1 / 10_000;
const SETTLE_MS = 120_000;

export async function openStage(dir: string, say: (line: string) => void, signal: AbortSignal): Promise<Stage> {
  const renderer = await rendererProgram({ progress: say, signal });
  const programs = await countedPrograms(join(dir, 'programs'), { renderer, git: await gitPath() });
  const host = await startHost({
    progress: say,
    signal,
    factor: NO_TICKS,
    environment: { EVENKEEL_RENDERER: programs.paths['renderer'], EVENKEEL_GIT: programs.paths['git'], EVENKEEL_RESYNC_SECONDS: '86400' },
  });
  const { controlPlane } = host;
  if (controlPlane === undefined) throw new Unavailable('the bench needs a control plane of its own');
  const connection = { server: controlPlane.server, caPem: controlPlane.ca, token: async () => controlPlane.token };
  const cluster = createCluster(connection);
  const sightings = watchCluster(connection);
  const close = async () => {
    await sightings.close();
    await cluster.close();
    await host.close();
  };
  return { host, controlPlane, cluster, sightings, programs, say, close };
}

/** Resolves when no message waits and no worker is at work. */
export async function quiet({ host }: Stage): Promise<void> {
  const end = performance.now() + SETTLE_MS;
  while (performance.now() < end) {
    const depths = Object.values(await host.depths());
    const waiting = depths.reduce((sum, { visible, inFlight, delayed }) => sum + visible + inFlight + delayed, 0);
    if (waiting === 0 && host.workers().every(({ busy }) => !busy)) return;
    await sleep(20);
  }
  throw new Unavailable(`the queues are not empty after ${SETTLE_MS / 1000} s`);
}

/** Invokes a function and waits for its end. Throws when it fails. Milliseconds that it took. */
export async function invoke({ host }: Stage, name: string, event: unknown): Promise<number> {
  const startedAt = performance.now();
  const outcome = await host.invoke(name, event);
  if (!outcome.ok) throw new Unavailable(`${name}: ${outcome.error.errorMessage}`);
  return performance.now() - startedAt;
}

/** A request as the resync makes it. */
export function resyncRequest(stage: Stage, name: string): ReconcileRequest {
  const at = Date.now();
  return {
    application: { namespace: stage.host.namespace, name },
    reason: 'sweep',
    at,
    event: `bench ${at}`,
    correlation: `bench-${name}`,
  };
}

/** The event of one message, as the queue would deliver it. */
export function queueEvent(request: ReconcileRequest): { readonly Records: readonly unknown[] } {
  const attributes = { MessageGroupId: request.application.name, ApproximateReceiveCount: '1' };
  return { Records: [{ messageId: request.correlation, receiptHandle: request.correlation, body: encodeRequest(request), attributes }] };
}

/** What `work` made the functions do: API requests by kind, and runs of programs. New workers are warmed up with `before` first. */
export async function counted(stage: Stage, before: () => Promise<unknown>, work: () => Promise<unknown>): Promise<Counted> {
  const { host, controlPlane, programs } = stage;
  const seen: Intercepted[] = [];
  const interceptor = await startInterceptor(controlPlane, (request) => {
    seen.push(request);
    return true;
  });
  try {
    await programs.count(true);
    await host.route(interceptor.url);
    await before();
    await quiet(stage);
    await programs.forget();
    seen.length = 0;
    await work();
    await quiet(stage);
    return { requests: countRequests(seen), runs: await programs.runs() };
  } finally {
    await host.route(undefined);
    await programs.count(false);
    await interceptor.close();
  }
}

export interface Counted {
  readonly requests: RequestCounts;
  readonly runs: Readonly<Record<string, number>>;
}
