// `app manifests` as a program: folders, real tools, no cluster; the same output as from a real Git server.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { startGitRemote } from '../support/git-remote.ts';
import { type Ran, run, succeed } from '../support/program.ts';
import { render, renderPorts } from '../support/rendering.ts';
import { eventually } from '../world/world.ts';

const { kubectl, helm, renderer } = inject('world');
const PROGRAM = join(import.meta.dirname, '../../lib/cli/evenkeel.js');
const URL = 'https://git.example/shop.git';
const VALUES = 'https://git.example/values.git';
const FAILED = 'error: Failed to load target state: failed to generate manifest for source 1 of 1: ';

const map = (name: string, data = 'a: b') => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\ndata: {${data}}\n`;
const FILES = {
  'plain/a.yaml': `${map('first')}---\napiVersion: v1\nkind: Namespace\nmetadata: {name: extra, namespace: odd}\n`,
  'plain/b.yaml': `${map('first', 'a: last')}---\napiVersion: shop.example/v1\nkind: Till\nmetadata: {name: main}\n`,
  'kustomize/kustomization.yaml': 'namePrefix: dev-\nresources: [cm.yaml]\n',
  'kustomize/cm.yaml': map('settings'),
  'chart/Chart.yaml': 'apiVersion: v2\nname: chart\nversion: 1.0.0\n',
  'chart/values.yaml': 'color: green\n',
  'chart/templates/cm.yaml': map(
    'chart',
    'color: {{ .Values.color }}, kube: {{ .Capabilities.KubeVersion.Version }}, till: "{{ .Capabilities.APIVersions.Has "shop.example/v1" }}"',
  ),
  'broken/a.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: [',
  'env/kustomization.yaml': 'commonAnnotations: {}\nresources: [../kustomize/cm.yaml]\n',
};

let folder: string;
let repo: string;
let temp: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'evk-manifests-'));
  [repo, temp] = [join(folder, 'repo'), join(folder, 'tmp')];
  mkdirSync(temp);
  write(repo, FILES);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(() => expect(readdirSync(temp)).toEqual([]));

function write(dir: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), text);
  }
}

function application(spec: object, name = 'shop'): string {
  const destination = { server: 'https://kubernetes.default.svc', namespace: 'shop' };
  const object = {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { name },
    spec: { project: 'default', destination, ...spec },
  };
  return JSON.stringify(object);
}

const source = (path: string, more: object = {}) => ({ source: { repoURL: URL, path, ...more } });

const tools = (program: string) => ({ EVENKEEL_KUBECTL: kubectl, EVENKEEL_HELM: helm, EVENKEEL_RENDERER: program });

async function manifests(input: string, args: readonly string[] = [], env: Readonly<Record<string, string>> = tools('')): Promise<Ran> {
  const home = { PATH: process.env['PATH'] ?? '', HOME: join(folder, 'home'), TMPDIR: temp };
  const given = args.includes('--repo') ? [] : ['--repo', `${URL}=${repo}`];
  return run(process.execPath, [PROGRAM, 'app', 'manifests', '--file', '-', ...given, ...args], {
    cwd: folder,
    env: { ...home, ...env },
    input,
  });
}

async function objects(input: string, ...args: readonly string[]): Promise<readonly object[]> {
  const { code, stdout, stderr } = await manifests(input, ['-o', 'json', ...args]);
  expect([code, stderr]).toEqual([0, '']);
  return JSON.parse(stdout);
}

const tracked = (kind: string, name: string) => ({ 'argocd.argoproj.io/tracking-id': `shop:${kind}:shop/${name}` });

describe('app manifests', () => {
  it('prints YAML documents, and warnings apart', async () => {
    const { code, stdout, stderr } = await manifests(application(source('plain')));
    const documents = parseAllDocuments(stdout);
    expect(stdout).toMatch(/^---\napiVersion: v1\nkind: Namespace\n/);
    expect(Array.from(documents, (document): unknown => document.toJS())).toEqual([
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'extra', annotations: tracked('/Namespace', 'extra') } },
      {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'first', namespace: 'shop', annotations: tracked('/ConfigMap', 'first') },
        data: { a: 'last' },
      },
      {
        apiVersion: 'shop.example/v1',
        kind: 'Till',
        metadata: { name: 'main', namespace: 'shop', annotations: tracked('shop.example/Till', 'main') },
      },
    ]);
    expect(stderr).toBe('RepeatedResourceWarning: Resource /ConfigMap/shop/first appeared 2 times among application resources.\n');
    expect(code).toBe(0);
  });

  it('prints names, and leaves tracking out when it is told to', async () => {
    expect((await manifests(application(source('plain')), ['-o', 'name'])).stdout).toBe(
      'namespace/extra\nconfigmap/first\ntill.shop.example/main\n',
    );
    const [settings] = await objects(application(source('kustomize')), '--no-tracking');
    expect(settings).toMatchObject({ metadata: { name: 'dev-settings', namespace: 'shop' } });
    expect(JSON.stringify(settings)).not.toContain('tracking-id');
  });

  it('renders a kustomization with what the Application adds, and the commit in its environment', async () => {
    const kustomize = { nameSuffix: '-x', commonAnnotations: { at: '$ARGOCD_APP_REVISION' }, commonAnnotationsEnvsubst: true };
    const [settings] = await objects(application(source('kustomize', { kustomize })));
    expect(settings).toMatchObject({ metadata: { name: 'dev-settings-x', annotations: { at: '0'.repeat(40) } } });
  });

  it('renders a chart for the versions that are named', async () => {
    const versions = ['--kube-version', 'v1.30.2', '--api-versions', 'shop.example/v1', '--api-versions', 'v1'];
    const [chart] = await objects(application(source('chart', { helm: { parameters: [{ name: 'color', value: 'red' }] } })), ...versions);
    expect(chart).toMatchObject({ data: { color: 'red', kube: 'v1.30.2', till: 'true' } });
  });

  it('takes values from the folder of another source', async () => {
    const values = join(folder, 'values');
    write(values, { 'prod.yaml': 'color: blue\n' });
    const sources = [
      { repoURL: URL, path: 'chart', helm: { valueFiles: ['$values/prod.yaml'] } },
      { repoURL: VALUES, ref: 'values' },
      { repoURL: URL, path: 'kustomize' },
    ];
    const found = await objects(application({ sources }), '--repo', `${URL}=repo`, '--repo', `${VALUES}=${values}`);
    expect(found).toMatchObject([{ data: { color: 'blue' } }, { metadata: { name: 'dev-settings' } }]);
  });

  it('renders a chart out of the folder of its repository', async () => {
    const chart = { source: { repoURL: 'https://charts.example', chart: 'chart', targetRevision: '1.x', helm: { values: 'color: blue' } } };
    const found = await objects(application(chart), '--repo', `https://charts.example=${repo}`);
    expect(found).toMatchObject([{ metadata: { name: 'chart' }, data: { color: 'blue' } }]);
  });

  it('reads a file of several Applications, and one that is named', async () => {
    const file = join(folder, 'applications.yaml');
    writeFileSync(file, `${application(source('kustomize'))}\n---\n${map('other')}---\n${application(source('chart'), 'till')}\n`);
    const several = await manifests('', ['--file', file]);
    expect(several).toEqual({ code: 1, stdout: '', stderr: `error: ${file} holds several Applications, name one: shop, till\n` });
    expect((await manifests('', ['till', '--file', file, '-o', 'name'])).stdout).toBe('configmap/chart\n');
  });

  it('follows the settings of argocd-cm', async () => {
    const file = join(folder, 'argocd-cm.yaml');
    writeFileSync(file, 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: argocd-cm}\ndata: {kustomize.enable: "false"}\n');
    expect((await manifests(application(source('kustomize')), ['--argocd-cm-path', file, '-o', 'name'])).stdout).toBe(
      'configmap/settings\n',
    );
    writeFileSync(file, 'kind: ConfigMap\ndata: {kustomize.buildOptions: --enable-exec}\n');
    const refused = await manifests(application(source('kustomize')), ['--argocd-cm-path', file]);
    expect(refused).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('error: argocd-cm: kustomize.buildOptions: --enable-exec is not'),
    });
  });
});

describe('app manifests --revision', () => {
  it('renders a commit, a tag or a branch instead of the files as they are', async () => {
    const work = join(folder, 'work');
    write(work, { 'plain/a.yaml': map('committed') });
    const git = (...args: readonly string[]) =>
      succeed('git', ['-C', work, '-c', 'user.name=a', '-c', 'user.email=a@example.com', ...args]);
    await git('init', '--quiet', '-b', 'main');
    await git('add', '--all');
    await git('commit', '--quiet', '-m', 'first');
    await git('tag', 'v1');
    write(work, { 'plain/a.yaml': map('changed'), 'plain/new.yaml': map('new') });
    const given = ['--repo', `${URL}=${work}`, '-o', 'name'];
    expect((await manifests(application(source('plain')), given)).stdout).toBe('configmap/changed\nconfigmap/new\n');
    for (const revision of ['v1', 'main', (await git('rev-parse', 'HEAD')).trim()]) {
      expect((await manifests(application(source('plain')), [...given, '--revision', revision])).stdout).toBe('configmap/committed\n');
    }
    const unknown = await manifests(application(source('plain')), [...given, '--revision', 'v2']);
    expect(unknown).toEqual({ code: 1, stdout: '', stderr: `${FAILED}unable to resolve 'v2' to a commit SHA: revision not found\n` });
  });
});

describe('app manifests says what is wrong, in the words of the condition', () => {
  it.each([
    ['a path that is not there', source('nowhere'), 'nowhere: app path does not exist'],
    ['a path outside', source('../repo'), '../repo: app path outside root'],
    [
      'a file that does not parse',
      source('broken'),
      'Failed to unmarshal "a.yaml": line 4: unexpected end of the stream within a flow collection',
    ],
    [
      'a value file that leads outside',
      source('chart', { helm: { valueFiles: ['../../tmp'] } }),
      "error resolving helm value files: error resolving value file path: file '../../tmp' resolved to outside repository root",
    ],
  ])('for %s', async (_what, spec, message) => {
    expect(await manifests(application(spec))).toEqual({ code: 1, stdout: '', stderr: `${FAILED}${message}\n` });
  });

  it('for a link that leads out of the folder', async () => {
    const linked = join(folder, 'linked');
    write(linked, { 'a.yaml': map('a') });
    symlinkSync('/etc/passwd', join(linked, 'b.yaml'));
    const { stderr, code } = await manifests(application(source('.')), ['--repo', `${URL}=${linked}`]);
    expect([code, stderr]).toEqual([1, `${FAILED}repository contains out-of-bounds symlinks. file: b.yaml\n`]);
  });

  it('for repositories without a folder, and shows no password', async () => {
    const spec = { source: { repoURL: 'https://user:canary@git.example/other.git', path: '.' } };
    const { stdout, stderr, code } = await manifests(application(spec));
    expect(stderr).toBe('error: no folder is given for https://git.example/other.git: add --repo https://git.example/other.git=DIR\n');
    expect([code, stdout]).toEqual([1, '']);
    const given = await manifests(application({ source: { ...spec.source, path: 'broken' } }), [
      '--repo',
      `https://user:canary@git.example/other=${repo}`,
    ]);
    expect(given.code).toBe(1);
    expect(given.stdout + given.stderr).not.toContain('canary');
  });

  it('for files and folders that are not there', async () => {
    const none = await manifests(application(source('plain')), ['--repo', `${URL}=${join(folder, 'none')}`]);
    expect(none).toEqual({ code: 20, stdout: '', stderr: `error: ${join(folder, 'none')} is no folder\n` });
    expect(await manifests('', ['--file', '/no/such/file'])).toMatchObject({
      code: 20,
      stderr: expect.stringContaining('cannot read /no/such/file'),
    });
    expect(await manifests('a: [')).toMatchObject({
      code: 20,
      stderr: expect.stringContaining('error: Failed to unmarshal "-": line 2: '),
    });
  });
});

describe('app manifests that is stopped', () => {
  it('leaves nothing behind', async () => {
    const [slow, started] = [join(folder, 'slow-git'), join(folder, 'started')];
    writeFileSync(slow, `#!/bin/sh\necho $$ > ${started}\nexec sleep 60\n`, { mode: 0o700 });
    const env = { PATH: process.env['PATH'] ?? '', HOME: join(folder, 'home'), TMPDIR: temp, ...tools(''), EVENKEEL_GIT: slow };
    const file = join(folder, 'stopped.yaml');
    writeFileSync(file, application(source('plain')));
    const child = spawn(process.execPath, [PROGRAM, 'app', 'manifests', '--file', file, '--repo', `${URL}=${repo}`], {
      env,
      stdio: 'ignore',
    });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    // The shell makes the file before it writes into it.
    const pid = await eventually(async () => {
      const text = readFileSync(started, 'utf8');
      expect(text).toMatch(/^\d+\n$/);
      return Number(text);
    });
    expect(readdirSync(temp)).toHaveLength(1);
    child.kill('SIGTERM');
    expect(await ended).toBe(143);
    expect(readdirSync(temp)).toEqual([]);
    await eventually(async () => expect(() => process.kill(pid, 0)).toThrow('ESRCH'));
  });
});

describe.each([
  ['the renderer', renderer],
  ['the stock tools', ''],
])('app manifests with %s', (_name, program) => {
  it('prints what comes of the same content in Git', async () => {
    const remote = await startGitRemote();
    const cacheDir = mkdtempSync(join(tmpdir(), 'evk-manifests-cache-'));
    try {
      await remote.commit(FILES);
      const ports = renderPorts({ kubectl, helm, renderer: program || undefined }, cacheDir);
      for (const path of ['plain', 'kustomize', 'chart']) {
        const spec = { destination: { name: 'prod', namespace: 'default-namespace' }, source: { repoURL: remote.url, path } };
        const { manifests: wanted } = await render('shop', spec, ports);
        const versions = ['--kube-version', 'v1.36.3', '--api-versions', 'v1', '--api-versions', 'apps/v1'];
        const args = ['-o', 'json', '--repo', `${remote.url}=${repo}`, ...versions];
        const { stdout } = await manifests(application(spec), args, tools(program));
        expect([path, JSON.parse(stdout)]).toEqual([path, wanted]);
      }
    } finally {
      await remote.close();
      rmSync(cacheDir, { recursive: true, force: true });
    }
  });
});

describe('app manifests of what names something elsewhere', () => {
  const BASE = 'https://git.example/team/base';
  const elsewhere = (resource: string) => ({ 'kustomization.yaml': `namePrefix: dev-\nresources: ["${resource}"]\n` });
  const rendered = (dir: string, ...args: readonly string[]) =>
    manifests(application(source('.')), ['--repo', `${URL}=${dir}`, '-o', 'name', ...args], tools(renderer));

  it('takes kustomizations on other servers from folders', async () => {
    const [over, base] = [join(folder, 'over'), join(folder, 'base')];
    write(over, elsewhere(`${BASE}//app?ref=v1`));
    write(base, { 'app/kustomization.yaml': 'resources: [cm.yaml]\n', 'app/cm.yaml': map('based') });
    const { stderr, code } = await rendered(over);
    expect([code, stderr]).toEqual([1, `${FAILED}no folder is given for ${BASE}: add --repo ${BASE}=DIR\n`]);
    expect(await rendered(over, '--repo', `${BASE}.git=${base}`)).toEqual({ code: 0, stdout: 'configmap/dev-based\n', stderr: '' });
  });

  it('refuses what follows a branch, as a worker does', async () => {
    const [over, base] = [join(folder, 'follows'), join(folder, 'followed')];
    write(over, elsewhere(`${BASE}//app?ref=main`));
    write(base, { 'app/kustomization.yaml': 'resources: [cm.yaml]\n', 'app/cm.yaml': map('based') });
    for (const args of [
      ['init', '--quiet', '-b', 'main'],
      ['add', '--all'],
      ['commit', '--quiet', '-m', 'first'],
    ]) {
      await succeed('git', ['-C', base, '-c', 'user.name=a', '-c', 'user.email=a@example.com', ...args]);
    }
    const { stderr, code } = await rendered(over, '--repo', `${BASE}=${base}`);
    expect([code, stderr]).toEqual([1, expect.stringContaining(`${BASE}//app?ref=main follows main: pin it with ?ref=`)]);
  });

  it('takes single files from folders', async () => {
    const [over, files] = [join(folder, 'single'), join(folder, 'files')];
    write(over, elsewhere('https://files.example/v1.0.0/crds/all.yaml'));
    write(files, { 'crds/all.yaml': map('single') });
    expect((await rendered(over)).stderr).toContain('add --repo https://files.example/v1.0.0/crds=DIR\n');
    expect((await rendered(over, '--repo', `https://files.example/v1.0.0=${files}`)).stdout).toBe('configmap/dev-single\n');
  });

  it('takes charts that a chart depends on from folders', async () => {
    const [shop, charts] = [join(folder, 'shop'), join(folder, 'charts')];
    const dependencies = 'dependencies: [{name: redis, version: 1.x, repository: https://charts.example}]\n';
    write(shop, { 'Chart.yaml': `apiVersion: v2\nname: shop\nversion: 1.0.0\n${dependencies}` });
    write(charts, { 'redis/Chart.yaml': 'apiVersion: v2\nname: redis\nversion: 1.2.3\n', 'redis/templates/cm.yaml': map('redis') });
    expect((await rendered(shop)).stderr).toContain('add --repo https://charts.example=DIR\n');
    expect((await rendered(shop, '--repo', `https://charts.example=${charts}`)).stdout).toBe('configmap/redis\n');
  });
});
