// The command line as a program against a real API server. No worker runs here: where one would answer, the test does.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Ran, run, succeed } from '../support/program.ts';
import { collectionPath, eventually, freshName, type World, world } from '../world/world.ts';

const root = join(import.meta.dirname, '../..');
const launcher = join(root, 'lib/cli/evenkeel.js');
const GROUP = 'argoproj.io/v1alpha1';
const URL = 'http://127.0.0.1:1/shop.git';

let here: World;
let namespace: string;
let folder: string;

beforeAll(async () => {
  here = world();
  folder = mkdtempSync(join(tmpdir(), 'evenkeel-cli-'));
  namespace = await here.freshNamespace('cli');
  const kubectl = ['--kubeconfig', here.kubeconfigPath];
  await succeed(here.kubectl, [...kubectl, 'apply', '--server-side', '--force-conflicts', '-k', join(root, 'infra/kubernetes/crds')]);
  await succeed(here.kubectl, [
    ...kubectl,
    'wait',
    '--for=condition=Established',
    '--timeout=30s',
    'crd/applications.argoproj.io',
    'crd/appprojects.argoproj.io',
  ]);
  const spec = { sourceRepos: ['*'], destinations: [{ server: '*', namespace: '*' }] };
  await eventually(() =>
    here.create(GROUP, 'appprojects', namespace, { apiVersion: GROUP, kind: 'AppProject', metadata: { name: 'default' }, spec }),
  );
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A command line with nothing but what it needs in its environment. */
function evenkeel(
  args: readonly string[],
  how: { readonly input?: string; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<Ran> {
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: folder,
    TZ: 'UTC',
    KUBECONFIG: here.kubeconfigPath,
    EVENKEEL_NAMESPACE: namespace,
    ...how.env,
  };
  return run(process.execPath, [launcher, ...args], { cwd: folder, env, ...(how.input === undefined ? {} : { input: how.input }) });
}

const pathOf = (name: string) => `${collectionPath(GROUP, 'applications', namespace)}/${name}`;
const patch = (name: string, body: object) => here.api.send(pathOf(name), { method: 'PATCH', body });
// What the API server answers is the test's to take apart.
// biome-ignore lint/suspicious/noExplicitAny: shapes are asserted, not assumed
const read = async (name: string): Promise<any> => here.api.send(pathOf(name));

/** An Application that nobody reconciles. */
async function application(options: { readonly spec?: object; readonly labels?: object; readonly status?: object } = {}): Promise<string> {
  const name = freshName('app');
  const spec = {
    project: 'default',
    source: { repoURL: URL, path: '.', targetRevision: 'main' },
    destination: { name: 'in-cluster', namespace },
    ...options.spec,
  };
  await here.create(GROUP, 'applications', namespace, {
    apiVersion: GROUP,
    kind: 'Application',
    metadata: { name, labels: options.labels ?? {} },
    spec,
    ...(options.status ? { status: options.status } : {}),
  });
  return name;
}

const seconds = (from: number) => new Date(Date.now() + from * 1000).toISOString().replace(/\.\d+Z$/, 'Z');
const synced = {
  sync: { status: 'Synced', revision: 'a'.repeat(40), comparedTo: { source: { repoURL: URL }, destination: {} } },
  health: { status: 'Healthy' },
};

/** Plays the worker: takes the operation up, finishes it, and compares once more. */
async function finishOperation(
  name: string,
  phase: string,
  rest: { readonly sync?: string; readonly resources?: readonly object[] } = {},
): Promise<object> {
  const { operation } = await eventually(async () => {
    const found = await read(name);
    expect(found.operation).toBeDefined();
    return found;
  });
  const started = { operation, phase: 'Running', startedAt: seconds(-1), message: 'one or more tasks are running' };
  await patch(name, { status: { operationState: started } });
  const result = { revision: 'a'.repeat(40), source: { repoURL: URL }, resources: rest.resources ?? [] };
  const finished = { ...started, phase, message: `ended as ${phase}`, finishedAt: seconds(0), syncResult: result };
  const sync = { ...synced.sync, status: rest.sync ?? 'Synced' };
  await patch(name, { operation: null, status: { ...synced, sync, operationState: finished, reconciledAt: seconds(1) } });
  return operation;
}

describe('app create', () => {
  const flags = ['--repo', URL, '--path', '.', '--dest-name', 'in-cluster', '--dest-namespace', 'shop'];

  it('creates once, finds it unchanged, and changes it only when asked', async () => {
    const name = freshName('made');
    expect(await evenkeel(['app', 'create', name, ...flags, '--sync-policy', 'auto'])).toMatchObject({
      code: 0,
      stdout: `application '${name}' created\n`,
    });
    expect(await evenkeel(['app', 'create', name, ...flags, '--sync-policy', 'auto'])).toMatchObject({
      code: 0,
      stdout: `application '${name}' unchanged\n`,
    });
    const changed = [...flags, '--sync-policy', 'none', '--label', 'team=books'];
    expect(await evenkeel(['app', 'create', name, ...changed])).toMatchObject({
      code: 20,
      stderr: 'error: existing application spec is different, use upsert flag to force update\n',
    });
    expect(await evenkeel(['app', 'create', name, ...changed, '--upsert'])).toMatchObject({
      code: 0,
      stdout: `application '${name}' updated\n`,
    });
    const { spec, metadata } = await read(name);
    expect(spec).toEqual({
      project: 'default',
      source: { repoURL: URL, path: '.' },
      destination: { name: 'in-cluster', namespace: 'shop' },
    });
    expect(metadata.labels).toEqual({ team: 'books' });
  });

  it('creates every Application of standard input', async () => {
    const names = [freshName('in'), freshName('in')];
    const input = names
      .map((name) =>
        JSON.stringify({
          apiVersion: GROUP,
          kind: 'Application',
          metadata: { name },
          spec: { source: { repoURL: URL, path: '.' }, destination: { name: 'in-cluster' } },
        }),
      )
      .join('\n---\n');
    expect(await evenkeel(['app', 'create', '-f', '-'], { input })).toMatchObject({
      code: 0,
      stdout: names.map((name) => `application '${name}' created\n`).join(''),
    });
  });

  it.each([
    [
      ['--repo', URL, '--dest-name', 'in-cluster'],
      /^error: application spec for x is invalid: InvalidSpecError: spec.source.repoURL and either/,
    ],
    [
      ['--repo', URL, '--path', '.', '--dest-name', 'nowhere'],
      /application destination spec for x is invalid: there are no clusters with this name: nowhere/,
    ],
    [['--repo', URL, '--path', '.'], /application destination spec for x is invalid: Destination server missing from app spec/],
    [[...flags, '--project', 'ghost'], /^error: app is not allowed in project "ghost", or the project does not exist/],
  ])('refuses %j', async (args, message) => {
    const { code, stderr } = await evenkeel(['app', 'create', 'x', ...args]);
    expect(stderr).toMatch(message);
    expect(code).toBe(20);
  });
});

describe('app list and app get', () => {
  it('print what the API server holds', async () => {
    const name = await application({ labels: { team: 'list' }, status: synced });
    const listed = await evenkeel(['app', 'list', '-l', 'team=list', '-o', 'json']);
    expect(JSON.parse(listed.stdout)).toMatchObject([
      { kind: 'Application', metadata: { name }, status: { health: { status: 'Healthy' } } },
    ]);
    expect((await evenkeel(['app', 'list', '-l', 'team=list', '-o', 'name'])).stdout).toBe(`${namespace}/${name}\n`);
    expect((await evenkeel(['app', 'list', '-l', 'team=list'])).stdout).toMatch(new RegExp(`^NAME .*\n${namespace}/${name}  in-cluster  `));
    expect((await evenkeel(['app', 'get', name])).stdout).toContain('Sync Status:        Synced to main (aaaaaaa)\n');
    expect(JSON.parse((await evenkeel(['app', 'get', `${namespace}/${name}`, '-o', 'json'])).stdout)).toMatchObject({ metadata: { name } });
  });

  it('say which Application is not there', async () => {
    expect(await evenkeel(['app', 'get', 'ghost'])).toMatchObject({
      code: 20,
      stdout: '',
      stderr: `error: application 'ghost' not found in namespace '${namespace}'; \`evenkeel app list\` shows those that are there\n`,
    });
  });

  it('wait for an answer to a refresh', async () => {
    const name = await application();
    const asked = evenkeel(['app', 'get', name, '--refresh', '-o', 'json']);
    await eventually(async () => expect((await read(name)).metadata.annotations).toMatchObject({ 'argocd.argoproj.io/refresh': 'normal' }));
    await patch(name, { metadata: { annotations: { 'argocd.argoproj.io/refresh': null } }, status: synced });
    expect(JSON.parse((await asked).stdout)).toMatchObject({ status: { sync: { status: 'Synced' } } });
  });

  it('give up when nobody answers a refresh', async () => {
    const name = await application();
    expect(await evenkeel(['app', 'get', name, '--hard-refresh', '--timeout', '1'])).toMatchObject({
      code: 20,
      stderr: `error: application refresh deadline exceeded: no worker has answered for '${name}'\n`,
    });
  });
});

describe('app sync', () => {
  it('asks for an operation, shows what happens, and ends well with it', async () => {
    const name = await application({
      spec: { syncPolicy: { syncOptions: ['CreateNamespace=true'] } },
      status: { operationState: { operation: {}, phase: 'Failed', startedAt: seconds(-9) } },
    });
    const resource = {
      group: '',
      version: 'v1',
      kind: 'ConfigMap',
      namespace,
      name: 'settings',
      status: 'Synced',
      message: 'serverside-applied',
    };
    const asked = evenkeel(['app', 'sync', name, '--prune', '--timeout', '30']);
    const operation = await finishOperation(name, 'Succeeded', { resources: [resource] });
    const { code, stdout } = await asked;
    expect(operation).toEqual({
      sync: {
        prune: true,
        source: { repoURL: URL, path: '.', targetRevision: 'main' },
        syncStrategy: { hook: {} },
        syncOptions: ['CreateNamespace=true'],
      },
      initiatedBy: { username: expect.stringMatching(/./) },
    });
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^TIMESTAMP +GROUP +KIND +NAMESPACE +NAME +STATUS +HEALTH +HOOK +MESSAGE\n\d{4}-\d\d-\d\dT[\d:]+\+00:00 +ConfigMap /,
    );
    expect(stdout).toContain('\nPhase:              Succeeded\n');
    expect(stdout).toMatch(/\nGROUP +KIND +NAMESPACE +NAME +STATUS +HEALTH +HOOK +MESSAGE\n +ConfigMap .* serverside-applied\n$/);
  });

  it('keeps standard output to the object in JSON', async () => {
    const name = await application();
    const asked = evenkeel(['app', 'sync', name, '-o', 'json']);
    await finishOperation(name, 'Succeeded');
    expect(JSON.parse((await asked).stdout)).toMatchObject({ status: { operationState: { phase: 'Succeeded' } } });
  });

  it('ends with 1 when the operation failed', async () => {
    const name = await application();
    const asked = evenkeel(['app', 'sync', name]);
    await finishOperation(name, 'Failed');
    expect(await asked).toMatchObject({ code: 1, stderr: 'error: Operation has completed with phase: Failed\n' });
  });

  it('ends with 1 when something should have been pruned', async () => {
    const name = await application();
    const asked = evenkeel(['app', 'sync', name]);
    const skipped = { group: '', version: 'v1', kind: 'ConfigMap', namespace, name: 'old', status: 'PruneSkipped' };
    await finishOperation(name, 'Succeeded', { sync: 'OutOfSync', resources: [skipped] });
    expect(await asked).toMatchObject({ code: 1, stderr: 'error: 1 resources require pruning\n' });
  });

  it('does not touch an operation that is pending', async () => {
    const name = await application();
    expect(await evenkeel(['app', 'sync', name, '--async'])).toMatchObject({ code: 0, stdout: '' });
    expect((await read(name)).operation.sync.dryRun).toBeUndefined();
    expect(await evenkeel(['app', 'sync', name, '--async', '--dry-run'])).toMatchObject({
      code: 20,
      stderr: 'error: another operation is already in progress\n',
    });
    expect((await read(name)).operation.sync.dryRun).toBeUndefined();
  });

  it('lets only one of two win', async () => {
    const name = await application();
    const both = await Promise.all([1, 2].map(() => evenkeel(['app', 'sync', name, '--async'])));
    expect(both.map(({ code }) => code).sort()).toEqual([0, 20]);
  });

  it('writes nothing when one of several cannot be synced', async () => {
    const name = await application();
    expect(await evenkeel(['app', 'sync', name, 'ghost', '--async'])).toMatchObject({ code: 20 });
    expect((await read(name)).operation).toBeUndefined();
  });

  it('says which filter found nothing', async () => {
    expect(await evenkeel(['app', 'sync', '-l', 'team=none', '--project', 'a'])).toMatchObject({
      code: 1,
      stderr: 'error: No matching apps found for filter: selector team=none projects [a]\n',
    });
    expect(await evenkeel(['app', 'sync', 'x', '-l', 'team=none'])).toMatchObject({
      code: 1,
      stderr: 'error: Cannot use selector option when application name(s) passed as argument(s)\n',
    });
  });
});

describe('app wait', () => {
  it('returns at once when the conditions hold', async () => {
    const name = await application({ status: synced });
    const { code, stdout } = await evenkeel(['app', 'wait', name]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^\nName: /);
  });

  it('returns when they come to hold', async () => {
    const name = await application({ status: { ...synced, health: { status: 'Progressing' } } });
    const waiting = evenkeel(['app', 'wait', name, '--health', '-o', 'json']);
    await patch(name, { status: { health: { status: 'Healthy' } } });
    expect(JSON.parse((await waiting).stdout)).toMatchObject({ status: { health: { status: 'Healthy' } } });
  });

  it('shows the state and fails when they do not', async () => {
    const name = await application({ status: { ...synced, health: { status: 'Progressing' } } });
    const { code, stdout, stderr } = await evenkeel(['app', 'wait', name, '--health', '--timeout', '1']);
    expect(code).toBe(20);
    expect(stdout).toContain('This is the state of the app after wait timed out:\n\nName: ');
    expect(stdout).toMatch(/\nThe command timed out waiting for the conditions to be met\.\n$/);
    expect(stderr).toBe(`error: timed out (1s) waiting for app "${name}" match desired state\n`);
  });

  it('fails when health turns Degraded', async () => {
    const resource = (health: string) => ({
      group: 'apps',
      version: 'v1',
      kind: 'Deployment',
      namespace,
      name: 'web',
      status: 'Synced',
      health: { status: health },
    });
    const name = await application({ status: { ...synced, health: { status: 'Progressing' }, resources: [resource('Progressing')] } });
    const waiting = evenkeel(['app', 'wait', name, '--health', '--timeout', '60']);
    const turning = setTimeout(
      () => void patch(name, { status: { health: { status: 'Degraded' }, resources: [resource('Degraded')] } }),
      2500,
    );
    const { code, stderr } = await waiting;
    clearTimeout(turning);
    expect(stderr).toBe(`error: application '${name}' health state has transitioned from Progressing to Degraded\n`);
    expect(code).toBe(20);
  });
});

describe('app delete', () => {
  const PLAIN = 'resources-finalizer.argocd.argoproj.io';

  it.each([
    [[], [PLAIN]],
    [['-p', 'background'], [`${PLAIN}/background`]],
  ])('leaves the finalizer for a worker with %j', async (args, finalizers) => {
    const name = await application();
    expect(await evenkeel(['app', 'delete', name, '-y', ...args])).toMatchObject({ code: 0, stdout: `application '${name}' deleted\n` });
    const { metadata } = await read(name);
    expect(metadata.finalizers).toEqual(finalizers);
    expect(metadata.deletionTimestamp).toBeDefined();
    await patch(name, { metadata: { finalizers: null } });
  });

  it('deletes at once without cascade', async () => {
    const name = await application();
    await patch(name, { metadata: { finalizers: [PLAIN] } });
    expect(await evenkeel(['app', 'delete', name, '--cascade=false', '--wait'])).toMatchObject({ code: 0 });
    await expect(read(name)).rejects.toThrow(/not found/);
  });

  it('waits until a worker has taken everything away', async () => {
    const name = await application();
    const waiting = evenkeel(['app', 'delete', name, '--wait']);
    await eventually(async () => expect((await read(name)).metadata.deletionTimestamp).toBeDefined());
    await patch(name, { metadata: { finalizers: null } });
    expect(await waiting).toMatchObject({ code: 0, stdout: `application '${name}' deleted\n` });
  });

  it('deletes those that a selector chooses, and waits for deletion elsewhere', async () => {
    const names = [await application({ labels: { team: 'gone' } }), await application({ labels: { team: 'gone' } })].sort();
    const waiting = evenkeel(['app', 'wait', ...names, '--delete', '--timeout', '60']);
    const told = names.map((name) => `application '${name}' deleted\n`).join('');
    expect(await evenkeel(['app', 'delete', '-l', 'team=gone', '--cascade=false'])).toMatchObject({ code: 0, stdout: told });
    expect(await waiting).toMatchObject({ code: 0, stdout: told });
  });
});

describe('the kubeconfig', () => {
  it('is the one named, with the context asked for', async () => {
    const { server, token } = here;
    const certificate = Buffer.from(here.ca).toString('base64');
    const kubeconfig = join(folder, 'two-contexts');
    writeFileSync(
      kubeconfig,
      JSON.stringify({
        clusters: [
          { name: 'here', cluster: { server, 'certificate-authority-data': certificate } },
          { name: 'nowhere', cluster: { server: 'https://127.0.0.1:1' } },
        ],
        users: [{ name: 'me', user: { token } }],
        contexts: [
          { name: 'good', context: { cluster: 'here', user: 'me' } },
          { name: 'bad', context: { cluster: 'nowhere', user: 'me' } },
        ],
        'current-context': 'bad',
      }),
    );
    const bad = await evenkeel(['app', 'list', '--kubeconfig', kubeconfig]);
    expect(bad.code).toBe(20);
    expect(bad.stderr).toContain('https://127.0.0.1:1');
    expect(bad.stderr).not.toContain(token);
    expect(await evenkeel(['app', 'list', '--kubeconfig', kubeconfig, '--context', 'good'])).toMatchObject({ code: 0, stderr: '' });
  });

  it('is asked for when there is none', async () => {
    const { code, stderr } = await evenkeel(['app', 'list'], { env: { KUBECONFIG: '' } });
    expect(stderr).toMatch(/^error: no kubeconfig: name one with --kubeconfig or KUBECONFIG/);
    expect(code).toBe(20);
  });
});

describe('the launcher', () => {
  it('ends as the command ends, under the Node that it is started with', async () => {
    expect(await evenkeel(['app'])).toMatchObject({ code: 1 });
    expect((await evenkeel(['--help'])).stdout).toMatch(/^Usage: evenkeel /);
  });
});
