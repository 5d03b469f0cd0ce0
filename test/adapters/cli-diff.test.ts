// `app diff` and the preview of a sync, rendered from a real Git server and held against a real API server.
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CliWorld, cliWorld, finishOperation } from '../support/cli.ts';
import { type GitRemote, startGitRemote } from '../support/git-remote.ts';
import { succeed } from '../support/program.ts';

const SECRET = 'c2VjcmV0LWNhbmFyeQ==';
const OTHER_SECRET = 'b3RoZXItY2FuYXJ5';

const settings = (color: string) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'settings' },
  data: { color, size: 'large' },
});
const password = (value: string) => ({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'password' }, data: { value } });
const hook = { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'migrate', annotations: { 'argocd.argoproj.io/hook': 'PreSync' } } };

let remote: GitRemote;
let here: CliWorld;
let name: string;
let env: Readonly<Record<string, string>>;

const commit = (...objects: readonly object[]) =>
  remote.commit({ 'all.yaml': objects.map((each) => JSON.stringify(each)).join('\n---\n') });

beforeAll(async () => {
  remote = await startGitRemote();
  here = await cliWorld(remote.url);
  env = { EVENKEEL_KUBECTL: here.kubectl, EVENKEEL_HELM: here.helm, EVENKEEL_KUSTOMIZE: here.kustomize };
  name = await here.application();
  await commit(settings('green'), password(SECRET), hook);
  const objects = [settings('green'), password(SECRET)].map((object) => ({
    ...object,
    metadata: {
      ...object.metadata,
      annotations: { 'argocd.argoproj.io/tracking-id': `${name}:/${object.kind}:${here.namespace}/${object.metadata.name}` },
    },
  }));
  const apply = ['apply', '--server-side', '--field-manager', 'evenkeel', '-n', here.namespace, '-f', '-'];
  await succeed(here.kubectl, ['--kubeconfig', here.kubeconfigPath, ...apply], {
    input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }),
  });
});

afterAll(async () => {
  here.close();
  await remote.close();
});

const diff = (...args: readonly string[]) => here.evenkeel(['app', 'diff', name, ...args], { env });

describe('app diff', () => {
  it('prints nothing and ends well when live is as Git wants it', async () => {
    await commit(settings('green'), password(SECRET), hook);
    expect(await diff()).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it('shows a changed field, from live to desired', async () => {
    await commit(settings('blue'), password(SECRET), hook);
    const { code, stdout } = await diff();
    expect(stdout).toContain(`\n===== /ConfigMap ${here.namespace}/settings ======\n--- live\n+++ desired\n@@ `);
    expect(stdout).toContain('\n-  color: green\n+  color: blue\n');
    expect(stdout).not.toContain('migrate');
    expect(stdout).not.toContain('password');
    expect(code).toBe(1);
  });

  it('ends with the exit code that is asked for', async () => {
    await commit(settings('blue'), password(SECRET));
    expect((await diff('--diff-exit-code', '7')).code).toBe(7);
    expect((await diff('--exit-code=false')).code).toBe(0);
  });

  it('compares with another revision', async () => {
    const earlier = await commit(settings('green'), password(SECRET));
    await commit(settings('blue'), password(SECRET));
    expect((await diff('--revision', earlier)).code).toBe(0);
  });

  it('shows what would come and what would go', async () => {
    await commit(settings('green'), { ...settings('new'), metadata: { name: 'another' } });
    const { stdout } = await diff();
    expect(stdout).toMatch(/===== \/ConfigMap \S+\/another ======\n--- live\n\+\+\+ desired\n@@ -0,0 [^\n]*\n\+apiVersion: v1\n/);
    await here.change(name, {
      status: { resources: [{ version: 'v1', kind: 'Secret', namespace: here.namespace, name: 'password', status: 'Synced' }] },
    });
    expect((await diff()).stdout).toMatch(/===== \/Secret \S+\/password ======\n[^@]*@@ [^\n]* \+0,0 @@\n-apiVersion: v1\n/);
  });

  it('never shows the values of Secrets, nor hands them to another program', async () => {
    await commit(settings('green'), password(OTHER_SECRET));
    const own = await diff();
    expect(own.stdout).toMatch(/- {2}value: \++\n\+ {2}value: \++\n/);
    const differ = join(here.folder, 'differ');
    writeFileSync(differ, '#!/bin/sh\ncat "$2" "$3" > seen\necho "$1"\n');
    chmodSync(differ, 0o700);
    const external = await here.evenkeel(['app', 'diff', name], { env: { ...env, KUBECTL_EXTERNAL_DIFF: `${differ} -u` } });
    expect(external).toMatchObject({ code: 1, stdout: `\n===== /Secret ${here.namespace}/password ======\n-u\n` });
    const seen = readFileSync(join(here.folder, 'seen'), 'utf8');
    expect(seen).toMatch(/value: \+/);
    const canaries = [SECRET, OTHER_SECRET].flatMap((text) => [text, Buffer.from(text, 'base64').toString()]);
    for (const canary of canaries) expect(own.stdout + own.stderr + external.stderr + seen).not.toContain(canary);
  });

  it('finds the tools that the local host has unpacked', async () => {
    await commit(settings('blue'), password(SECRET));
    const bin = join(here.folder, 'bin');
    mkdirSync(bin);
    symlinkSync((await succeed('which', ['git'])).trim(), join(bin, 'git'));
    const unpacked = {
      PATH: bin,
      XDG_CACHE_HOME: join(dirname(here.kubectl), '../../..'),
      EVENKEEL_CACHE_DIR: join(here.folder, 'clones'),
    };
    expect(await here.evenkeel(['app', 'diff', name], { env: unpacked })).toMatchObject({ code: 1, stderr: '' });
    const none = await here.evenkeel(['app', 'diff', name], { env: { ...unpacked, XDG_CACHE_HOME: here.folder } });
    expect(none.stderr).toMatch(/^error: .*name its path in EVENKEEL_(KUBECTL|HELM)\n$/);
    expect(none.code).toBe(20);
  });

  it('ends with 20 and the place when Git does not render', async () => {
    await remote.commit({ 'all.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: [' });
    const { code, stderr } = await diff();
    expect(stderr).toContain('all.yaml": line ');
    expect(code).toBe(20);
  });

  it('refuses what the project refuses, before it fetches anything', async () => {
    const project = {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'AppProject',
      metadata: { name: 'narrow' },
      spec: { sourceRepos: ['https://git.example/*'] },
    };
    await here.create('argoproj.io/v1alpha1', 'appprojects', here.namespace, project);
    const strange = await here.application({ spec: { project: 'narrow' } });
    const before = remote.requests.length;
    const { code, stderr } = await here.evenkeel(['app', 'diff', strange], { env });
    expect(stderr).toContain(`application repo ${remote.url} is not permitted in project 'narrow'`);
    expect(code).toBe(20);
    expect(remote.requests.length).toBe(before);
  });
});

describe('app sync --preview-changes', () => {
  it('shows the differences, and syncs when nobody has to be asked', async () => {
    await commit(settings('blue'), password(SECRET));
    const { code, stdout } = await here.evenkeel(['app', 'sync', name, '--preview-changes', '--assumeYes', '--async'], { env });
    expect(stdout).toMatch(/^====== Previewing differences between live and desired state of application \S+ ======\n\n===== \/ConfigMap /);
    expect(code).toBe(0);
    expect((await here.read(name)).operation).toBeDefined();
    await here.change(name, { operation: null });
  });

  it('shows them beside standard output where that is for a program', async () => {
    await commit(settings('blue'), password(SECRET));
    const asked = here.evenkeel(['app', 'sync', name, '--preview-changes', '--assumeYes', '-o', 'json'], { env });
    await finishOperation(here, name, 'Succeeded');
    const { code, stdout, stderr } = await asked;
    expect(JSON.parse(stdout)).toMatchObject({ status: { operationState: { phase: 'Succeeded' } } });
    expect(stderr).toContain('\n===== /ConfigMap ');
    expect(stderr).not.toContain(SECRET);
    expect(code).toBe(0);
  });

  it('syncs not everything where what was chosen is gone while somebody looks at it', async () => {
    await commit(settings('blue'), password(SECRET));
    const row = { version: 'v1', kind: 'ConfigMap', namespace: here.namespace, name: 'settings', status: 'OutOfSync' };
    await here.change(name, { status: { resources: [row] } });
    const forget = JSON.stringify({ status: { resources: [] } });
    const kubectl = [here.kubectl, '--kubeconfig', here.kubeconfigPath, '-n', here.namespace].join(' ');
    const differ = join(here.folder, 'forgetful');
    writeFileSync(differ, `#!/bin/sh\nexec ${kubectl} patch application ${name} --type merge -p '${forget}'\n`);
    chmodSync(differ, 0o700);
    const chosen = ['--resource', ':ConfigMap:settings', '--prune', '--force'];
    const { code, stderr } = await here.evenkeel(['app', 'sync', name, ...chosen, '--preview-changes', '--assumeYes', '--async'], {
      env: { ...env, KUBECTL_EXTERNAL_DIFF: differ },
    });
    expect(stderr).toBe('error: No matching app resources found for resource filter: :ConfigMap:settings\n');
    expect(code).toBe(1);
    expect((await here.read(name)).operation).toBeUndefined();
  });

  it('syncs nothing where there is no difference', async () => {
    await commit(settings('green'), password(SECRET));
    const { code, stdout } = await here.evenkeel(['app', 'sync', name, '--preview-changes', '--async'], { env });
    expect(stdout).toMatch(/\n====== No Differences found ======\n$/);
    expect(code).toBe(0);
    expect((await here.read(name)).operation).toBeUndefined();
  });

  it('syncs nothing when nobody is there to be asked', async () => {
    await commit(settings('blue'), password(SECRET));
    const { code, stderr } = await here.evenkeel(['app', 'sync', name, '--preview-changes', '--async'], { env });
    expect(stderr).toBe('error: --preview-changes asks before it syncs, and nobody is there to answer: add --assumeYes\n');
    expect(code).toBe(1);
    expect((await here.read(name)).operation).toBeUndefined();
  });
});
