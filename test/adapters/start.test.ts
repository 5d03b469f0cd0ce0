// `npm start` as a person and a program meet it: what it prints, what it brings up, and that nothing is left in whatever way it ends.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { cacheFolder } from '../../infra/local/cache/cache.ts';
import { layerTools } from '../../infra/local/cache/layer.ts';
import { kubectlFor } from '../../infra/local/cluster/kubectl.ts';
import { startControlPlane } from '../../infra/local/controlplane/controlplane.ts';
import { clearLeftovers } from '../../infra/local/processes/leftovers.ts';
import { eventually } from '../world/world.ts';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '..', '..');
const START = join(ROOT, 'infra/local/start.ts');

interface Facts {
  readonly kubeconfig: string;
  readonly gitUrl: string;
  readonly webhookUrl: string;
  readonly webhookSecret: string;
  readonly queueUrl: string;
  readonly namespace: string;
}

class Started {
  readonly child: ChildProcess;
  readonly ended: Promise<number | string>;
  stdout = '';
  stderr = '';

  constructor(command: string, args: readonly string[]) {
    this.child = spawn(command, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
    });
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    this.ended = new Promise((resolve) => this.child.once('close', (code, signal) => resolve(code ?? signal ?? '')));
  }

  /** The one line of JSON. Fails with what was printed when the process ends before it. */
  async facts(): Promise<Facts> {
    await eventually(async () => {
      if (!this.stdout.includes('\n') && this.child.exitCode === null) throw new Error('not ready yet');
    }, 60_000);
    expect(this.stdout, this.stderr).toMatch(/^\{.*\}\n$/);
    return JSON.parse(this.stdout);
  }

  /** Waits for a line on standard error. */
  async says(text: string): Promise<void> {
    await eventually(async () => expect(this.stderr).toContain(text), 60_000);
  }

  /** Folders of this run: the control plane's and the host's. */
  folders(facts: Facts): readonly string[] {
    const logs = /^logs +(.*)$/m.exec(this.stderr)?.[1] ?? '';
    return [dirname(facts.kubeconfig), dirname(logs)];
  }
}

/** Processes whose arguments name one of these folders, as every process of a host does. */
function processesOf(folders: readonly string[]): readonly { readonly pid: number; readonly line: string }[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const all = pids.map((pid) => ({ pid: Number(pid), line: commandLine(pid) }));
  return all.filter(({ line }) => folders.some((folder) => line.includes(folder)));
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

let dir: string;
let all: Started[];

function start(...args: readonly string[]): Started {
  const started = new Started(process.execPath, [START, ...args]);
  all.push(started);
  return started;
}

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'evenkeel-start-'));
  all = [];
});

afterEach(async () => {
  for (const { child } of all) if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  await Promise.all(all.map(({ ended }) => ended));
  await clearLeftovers(cacheFolder());
  await rm(dir, { recursive: true, force: true });
});

async function git(cwd: string, ...args: string[]): Promise<void> {
  await run('git', ['-c', 'user.name=Robin', '-c', 'user.email=robin@example.com', ...args], { cwd });
}

describe('npm start -- --idle --json', () => {
  test('prints one line with where everything is, each hint works as printed, and Ctrl-C leaves nothing', async () => {
    const host = start('--idle', '--json');
    const facts = await host.facts();
    expect(Object.keys(facts)).toEqual(['kubeconfig', 'gitUrl', 'webhookUrl', 'webhookSecret', 'queueUrl', 'namespace']);
    await host.says('ready; Ctrl-C stops');
    const commands = [...host.stderr.matchAll(/^ {4}(\S.*)$/gm)].map(([, command]) => command);
    expect(commands.length).toBeGreaterThan(2);
    const { stdout } = await run('bash', ['-ec', commands.join('\n')], { cwd: ROOT });
    expect(stdout).toContain('NAME');
    await pushTo(`${facts.gitUrl}/shop.git`);
    await host.says('webhook answered 202 {"enqueued":[]}');
    const folders = host.folders(facts);
    expect(processesOf(folders).length).toBeGreaterThan(8);
    host.child.kill('SIGINT');
    expect(await host.ended).toBe(0);
    expect(processesOf(folders)).toEqual([]);
    expect(folders.filter(existsSync)).toEqual([]);
    expect(host.stdout.split('\n')).toHaveLength(2);
  });

  test('leaves no process when it is killed, and the next start removes what was left', async () => {
    const killed = start('--idle', '--json');
    const folders = killed.folders(await readyFacts(killed));
    killed.child.kill('SIGKILL');
    await eventually(async () => expect(processesOf(folders)).toEqual([]), 10_000);
    expect(folders.filter(existsSync)).toEqual(folders);
    const next = start('--idle', '--json');
    const facts = await readyFacts(next);
    expect(folders.filter(existsSync)).toEqual([]);
    await refusesItsPort(facts);
    // A program that does not react holds the orderly end up.
    for (const { pid, line } of processesOf(next.folders(facts))) if (line.includes('etcd-servers')) process.kill(pid, 'SIGSTOP');
    next.child.kill('SIGINT');
    await next.says('once more to stop at once');
    await sleep(700);
    next.child.kill('SIGINT');
    expect(await next.ended).toBe(130);
    await eventually(async () => expect(processesOf(next.folders(facts))).toEqual([]), 10_000);
  });
});

test('npm start ends what it brought up when npm itself is killed', async () => {
  const host = new Started('npm', ['--silent', 'start', '--', '--idle', '--json']);
  all.push(host);
  const folders = host.folders(await readyFacts(host));
  host.child.kill('SIGKILL');
  await eventually(async () => expect(processesOf(folders)).toEqual([]), 15_000);
  await eventually(async () => expect(folders.filter(existsSync)).toEqual([]), 5_000);
});

async function readyFacts(host: Started): Promise<Facts> {
  const facts = await host.facts();
  await host.says('ready; Ctrl-C stops');
  return facts;
}

async function pushTo(url: string): Promise<void> {
  await git(dir, 'init', '-q', '-b', 'main');
  await writeFile(join(dir, 'file'), 'x');
  await git(dir, 'add', '-A');
  await git(dir, 'commit', '-q', '-m', 'first');
  await git(dir, 'push', '-q', url, 'main');
}

async function refusesItsPort(facts: Facts): Promise<void> {
  const port = new URL(facts.webhookUrl).port;
  const second = start('--idle', '--port', port);
  expect(await second.ended).toBe(1);
  expect(second.stderr).toBe(`port ${port} on 127.0.0.1 is taken: end what uses it, or choose another with --port\n`);
}

test('a cluster of one’s own is changed only after a yes, and gets back what it was', async () => {
  const progress = () => undefined;
  const plane = await startControlPlane({ progress });
  try {
    const kubectl = kubectlFor((await layerTools({ progress })).kubectl, plane.kubeconfigPath, join(dir, 'cache'));
    await kubectl(['create', 'namespace', 'argocd']);
    const unasked = start('--kubeconfig', plane.kubeconfigPath);
    expect(await unasked.ended).toBe(1);
    expect(unasked.stdout).toContain('apiextensions.k8s.io/CustomResourceDefinition applications.argoproj.io');
    expect(unasked.stdout).not.toContain('Namespace argocd');
    expect(unasked.stderr).toBe('there is no terminal to ask on: give --yes to go on without being asked\n');
    expect(await kubectl(['get', 'crd', '-o', 'name'])).toBe('');
    const host = start('--kubeconfig', plane.kubeconfigPath, '--yes', '--json');
    expect(await readyFacts(host)).toMatchObject({ kubeconfig: plane.kubeconfigPath, namespace: 'argocd' });
    await kubectl(['apply', '-f', '-'], { input: JSON.stringify(abandoned) });
    host.child.kill('SIGINT');
    expect(await host.ended).toBe(0);
    expect(host.stderr).toContain('Application argocd/abandoned is gone; what it had deployed stays');
    expect(await kubectl(['get', 'crd', '-o', 'name'])).toBe('');
    const left = await kubectl(['get', 'serviceaccounts,roles,rolebindings', '-n', 'argocd', '-o', 'name']);
    expect(left.trim()).toBe('serviceaccount/default');
    expect(await kubectl(['get', 'clusterroles,clusterrolebindings', '-o', 'name'])).not.toContain('evenkeel');
  } finally {
    await plane.close();
  }
});

const abandoned = {
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Application',
  metadata: { name: 'abandoned', namespace: 'argocd', finalizers: ['resources-finalizer.argocd.argoproj.io'] },
  spec: {
    project: 'default',
    source: { repoURL: 'http://127.0.0.1:1/none.git', path: '.' },
    destination: { server: 'https://kubernetes.default.svc', namespace: 'default' },
  },
};

test('arguments that make no sense end at once with the way out', async () => {
  const wrong = start('--stroy');
  expect(await wrong.ended).toBe(1);
  expect(wrong.stderr).toContain('see --help');
  const help = start('--help');
  expect(await help.ended).toBe(0);
  expect(help.stdout).toContain('npm start -- --idle --json');
});
