// Commands that create and show Applications, as programs against a real API server.
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recordHost } from '../../infra/local/processes/host-record.ts';
import { type CliWorld, cliWorld, GROUP, SYNCED } from '../support/cli.ts';
import { succeed } from '../support/program.ts';
import { collectionPath, eventually, freshName } from '../world/world.ts';

const URL = 'http://127.0.0.1:1/shop.git';

let here: CliWorld;

beforeAll(async () => {
  here = await cliWorld(URL);
});

afterAll(() => here.close());

describe('app create', () => {
  const flags = ['--repo', URL, '--path', '.', '--dest-name', 'in-cluster', '--dest-namespace', 'shop'];

  it('creates once, finds it unchanged, and changes it only when asked', async () => {
    const name = freshName('made');
    expect(await here.evenkeel(['app', 'create', name, ...flags, '--sync-policy', 'auto'])).toMatchObject({
      code: 0,
      stdout: `application '${name}' created\n`,
    });
    expect(await here.evenkeel(['app', 'create', name, ...flags, '--sync-policy', 'auto'])).toMatchObject({
      code: 0,
      stdout: `application '${name}' unchanged\n`,
    });
    const changed = [...flags, '--sync-policy', 'none', '--label', 'team=books'];
    expect(await here.evenkeel(['app', 'create', name, ...changed])).toMatchObject({
      code: 20,
      stderr: 'error: existing application spec is different, use upsert flag to force update\n',
    });
    expect(await here.evenkeel(['app', 'create', name, ...changed, '--upsert'])).toMatchObject({
      code: 0,
      stdout: `application '${name}' updated\n`,
    });
    const { spec, metadata } = await here.read(name);
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
    expect(await here.evenkeel(['app', 'create', '-f', '-'], { input })).toMatchObject({
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
    const { code, stderr } = await here.evenkeel(['app', 'create', 'x', ...args]);
    expect(stderr).toMatch(message);
    expect(code).toBe(20);
  });
});

describe('app list and app get', () => {
  it('print what the API server holds', async () => {
    const name = await here.application({ labels: { team: 'list' }, status: SYNCED });
    const listed = await here.evenkeel(['app', 'list', '-l', 'team=list', '-o', 'json']);
    expect(JSON.parse(listed.stdout)).toMatchObject([
      { kind: 'Application', metadata: { name }, status: { health: { status: 'Healthy' } } },
    ]);
    expect((await here.evenkeel(['app', 'list', '-l', 'team=list', '-o', 'name'])).stdout).toBe(`${here.namespace}/${name}\n`);
    expect((await here.evenkeel(['app', 'list', '-l', 'team=list'])).stdout).toMatch(
      new RegExp(`^NAME .*\n${here.namespace}/${name}  in-cluster  `),
    );
    expect((await here.evenkeel(['app', 'get', name])).stdout).toContain('Sync Status:        Synced to main (aaaaaaa)\n');
    expect(JSON.parse((await here.evenkeel(['app', 'get', `${here.namespace}/${name}`, '-o', 'json'])).stdout)).toMatchObject({
      metadata: { name },
    });
  });

  it('say which Application is not there', async () => {
    expect(await here.evenkeel(['app', 'get', 'ghost'])).toMatchObject({
      code: 20,
      stdout: '',
      stderr: `error: application 'ghost' not found in namespace '${here.namespace}'; \`evenkeel app list\` shows those that are there\n`,
    });
  });

  it('wait for an answer to a refresh', async () => {
    const name = await here.application();
    const asked = here.evenkeel(['app', 'get', name, '--refresh', '-o', 'json']);
    await eventually(async () =>
      expect((await here.read(name)).metadata.annotations).toMatchObject({ 'argocd.argoproj.io/refresh': 'normal' }),
    );
    await here.change(name, { metadata: { annotations: { 'argocd.argoproj.io/refresh': null } }, status: SYNCED });
    expect(JSON.parse((await asked).stdout)).toMatchObject({ status: { sync: { status: 'Synced' } } });
  });

  it('leave a hard refresh that somebody else waits for', async () => {
    const name = await here.application();
    await here.change(name, { metadata: { annotations: { 'argocd.argoproj.io/refresh': 'hard' } } });
    await here.evenkeel(['app', 'get', name, '--refresh', '--timeout', '1']);
    expect((await here.read(name)).metadata.annotations).toMatchObject({ 'argocd.argoproj.io/refresh': 'hard' });
  });

  it('show the windows of a project to who may not read the settings, and the Application where those are wrong', async () => {
    const { namespace } = here;
    const syncWindows = [{ kind: 'deny', schedule: '* * * * *', duration: '1h', applications: ['*'] }];
    const project = freshName('closed');
    await here.create(GROUP, 'appprojects', namespace, {
      apiVersion: GROUP,
      kind: 'AppProject',
      metadata: { name: project },
      spec: { syncWindows },
    });
    const name = await here.application({ spec: { project } });
    const rbac = 'rbac.authorization.k8s.io/v1';
    await here.create('v1', 'serviceaccounts', namespace, { metadata: { name: 'reader' } });
    const rules = [{ apiGroups: ['argoproj.io'], resources: ['applications', 'appprojects'], verbs: ['get', 'list'] }];
    await here.create(rbac, 'roles', namespace, { metadata: { name: 'reader' }, rules });
    await here.create(rbac, 'rolebindings', namespace, {
      metadata: { name: 'reader' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader' },
      subjects: [{ kind: 'ServiceAccount', name: 'reader', namespace }],
    });
    const token = (await succeed(here.kubectl, ['--kubeconfig', here.kubeconfigPath, '-n', namespace, 'create', 'token', 'reader'])).trim();
    const kubeconfig = join(here.folder, 'reader.kubeconfig');
    const cluster = { server: here.server, 'certificate-authority-data': Buffer.from(here.ca).toString('base64') };
    const contexts = [{ name: 'c', context: { cluster: 'c', user: 'u' } }];
    const users = [{ name: 'u', user: { token } }];
    const file = { apiVersion: 'v1', kind: 'Config', clusters: [{ name: 'c', cluster }], users, contexts, 'current-context': 'c' };
    writeFileSync(kubeconfig, JSON.stringify(file), { mode: 0o600 });
    const read = await here.evenkeel(['app', 'get', name], { env: { KUBECONFIG: kubeconfig } });
    expect(read.stdout).toContain('SyncWindow:         Sync Denied\n');

    const settings = { metadata: { name: 'argocd-cm' }, data: { globalProjects: 'wrong' } };
    await here.create('v1', 'configmaps', namespace, settings);
    const { code, stdout } = await here.evenkeel(['app', 'get', name]);
    expect([code, stdout]).toEqual([0, expect.stringContaining('SyncWindow:         unknown: the project cannot be read\n')]);
    await here.api.send(`${collectionPath('v1', 'configmaps', namespace)}/argocd-cm`, { method: 'DELETE' });
  });

  it('give up when nobody answers a refresh', async () => {
    const name = await here.application();
    expect(await here.evenkeel(['app', 'get', name, '--hard-refresh', '--timeout', '1'])).toMatchObject({
      code: 20,
      stderr: `error: application refresh deadline exceeded: no worker has answered for '${name}'\n`,
    });
  });
});

describe('the kubeconfig', () => {
  it('is the one named, with the context asked for', async () => {
    const { server, token } = here;
    const certificate = Buffer.from(here.ca).toString('base64');
    const kubeconfig = join(here.folder, 'two-contexts');
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
    const bad = await here.evenkeel(['app', 'list', '--kubeconfig', kubeconfig]);
    expect(bad.code).toBe(20);
    expect(bad.stderr).toContain('https://127.0.0.1:1');
    expect(bad.stderr).not.toContain(token);
    expect(await here.evenkeel(['app', 'list', '--kubeconfig', kubeconfig, '--context', 'good'])).toMatchObject({ code: 0, stderr: '' });
  });

  it('is that of the local host when there is no other', async () => {
    const env = { KUBECONFIG: '', XDG_CACHE_HOME: join(here.folder, 'cache') };
    const forget = await recordHost({ kubeconfig: here.kubeconfigPath }, join(here.folder, 'cache', 'evenkeel'));
    expect(await here.evenkeel(['app', 'list'], { env })).toMatchObject({ code: 0, stderr: '' });
    await forget();
    expect(await here.evenkeel(['app', 'list'], { env })).toMatchObject({ code: 20 });
  });

  it('is asked for when there is none', async () => {
    const { code, stderr } = await here.evenkeel(['app', 'list'], { env: { KUBECONFIG: '' } });
    expect(stderr).toMatch(/^error: no kubeconfig: name one with --kubeconfig or KUBECONFIG/);
    expect(code).toBe(20);
  });
});

describe('the launcher', () => {
  it('keeps what Node makes of it in the folder of its user, and does without where there is none', async () => {
    const env = { NODE_COMPILE_CACHE: '' };
    expect(await here.evenkeel(['version', '--client'], { env })).toMatchObject({ code: 0 });
    const kept = join(here.folder, '.cache', 'evenkeel', 'compiled');
    expect(readdirSync(kept, { recursive: true }).length).toBeGreaterThan(20);
    expect(await here.evenkeel(['version', '--client'], { env: { ...env, HOME: '/dev/null' } })).toMatchObject({ code: 0, stderr: '' });
  });

  it('ends as the command ends, under the Node that it is started with', async () => {
    expect(await here.evenkeel(['app'])).toMatchObject({ code: 1 });
    expect((await here.evenkeel(['--help'])).stdout).toMatch(/^Usage: evenkeel /);
  });
});
