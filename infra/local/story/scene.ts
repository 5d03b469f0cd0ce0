// Scene: what a step of the story has at hand: the host, the shop's repository, and ways to look and to wait.
import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** What the story needs of the running local host. */
export interface StoryHost {
  readonly kubeconfigPath: string;
  readonly gitUrl: string;
  readonly webhookUrl: string;
  readonly webhookSecret: string;
  readonly namespace: string;
  readonly tools: { readonly kubectl: string; readonly kustomize: string; readonly git: string };
  /** A folder of the run, removed at its end. */
  readonly folder: string;
  /** Seconds between two ticks of the sweep, and between two looks at an Application that nothing happens to. */
  readonly sweepSeconds: number;
  readonly resyncSeconds: number;
  setWebhook(on: boolean): void;
  /** What the webhook answered to the pushes so far, oldest first. */
  deliveries(): readonly { readonly commit: string; readonly status: number; readonly body: string }[];
  setCpu(namespace: string, podPrefix: string, millicores: number): Promise<void>;
  /** Sends the functions' API requests through another address, and starts new workers that use it; undefined goes back. */
  route(server: string | undefined): Promise<void>;
  /** Ends the reconcile workers at once, as a crash would. */
  killWorkers(): void;
  readonly controlPlane: { readonly server: string; readonly ca: string };
}

export interface Scene {
  readonly host: StoryHost;
  /** Says what is going on, one line at a time. */
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end; its exit code is an answer, not a failure. */
export async function execute(
  program: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv; readonly signal?: AbortSignal } = {},
): Promise<Ran> {
  try {
    const { stdout, stderr } = await run(program, [...args], { maxBuffer: 64 * 1024 * 1024, ...options });
    return { code: 0, stdout, stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code?: unknown; stdout?: string; stderr?: string }; // execFile's error carries them
    if (typeof code !== 'number') throw error;
    return { code, stdout: stdout ?? '', stderr: stderr ?? '' };
  }
}

/** kubectl as the administrator; throws with its message when it fails. */
export async function kubectl(scene: Scene, ...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await tryKubectl(scene, ...args);
  if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr.trim()}`);
  return stdout;
}

export function tryKubectl({ host, signal }: Scene, ...args: readonly string[]): Promise<Ran> {
  return execute(host.tools.kubectl, ['--kubeconfig', host.kubeconfigPath, ...args], { signal });
}

/** An object as JSON, or undefined when it is not there. */
export async function read(scene: Scene, kind: string, name: string, namespace: string): Promise<Live | undefined> {
  const { stdout } = await tryKubectl(scene, 'get', kind, name, '-n', namespace, '-o', 'json', '--ignore-not-found');
  return stdout.trim() === '' ? undefined : (JSON.parse(stdout) as Live); // kubectl prints one object
}

/** The parts of live objects that the story looks at. */
export interface Live {
  readonly metadata: { readonly name: string; readonly uid: string; readonly generation?: number; readonly creationTimestamp: string };
  readonly spec?: {
    readonly replicas?: number;
    readonly template?: { readonly spec?: { readonly containers?: readonly { readonly image?: string }[] } };
  };
  readonly status?: ApplicationView;
  readonly operation?: unknown;
}

interface ApplicationView {
  readonly sync?: { readonly status?: string; readonly revision?: string };
  readonly health?: { readonly status?: string; readonly message?: string };
  readonly conditions?: readonly { readonly type: string; readonly message: string }[];
  readonly operationState?: { readonly phase?: string; readonly message?: string; readonly startedAt?: string };
  readonly resources?: readonly {
    readonly kind: string;
    readonly name: string;
    readonly status?: string;
    readonly requiresPruning?: boolean;
  }[];
  readonly reconciledAt?: string;
  readonly replicas?: number;
}

export function application(scene: Scene, name: string): Promise<Live | undefined> {
  return read(scene, 'applications.argoproj.io', name, scene.host.namespace);
}

/** Asks until the answer is there. The error of a wait that takes too long says what was seen last. */
export async function until<T>(
  scene: Scene,
  what: string,
  seconds: number,
  ask: () => Promise<T | undefined>,
  seen?: () => Promise<string>,
): Promise<T> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > end) throw new Error(`waited ${seconds} s for ${what}${seen ? `; now: ${await seen()}` : ''}`);
    await sleep(200, undefined, { signal: scene.signal });
  }
}

/** Waits until an Application has this sync status and health. */
export async function untilApplication(scene: Scene, name: string, sync: string, health: string, seconds = 60): Promise<Live> {
  const look = async () => {
    const app = await application(scene, name);
    return app?.status?.sync?.status === sync && app.status.health?.status === health && !app.operation ? app : undefined;
  };
  return until(scene, `${name} to be ${sync} and ${health}`, seconds, look, () => summary(scene, name));
}

/** One line on how an Application stands. */
export async function summary(scene: Scene, name: string): Promise<string> {
  const app = await application(scene, name);
  if (!app) return `${name} is not there`;
  const { sync, health, conditions, operationState } = app.status ?? {};
  const faults = (conditions ?? []).map(({ type, message }) => `${type}: ${message}`);
  const texts = [
    `${sync?.status ?? 'no sync status'}`,
    `${health?.status ?? 'no health'}`,
    health?.message,
    operationState?.phase,
    operationState?.message,
  ];
  return [...texts.filter((text) => text), ...faults].join(', ');
}

/** Fails the step when something that must hold does not. */
export function must(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise);
}
