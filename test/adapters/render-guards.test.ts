// What a repository or a source may not reach: other folders, other servers, other processes' files.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { ApplicationSource } from '../../lib/model/application.ts';
import { InvalidInput, Unavailable } from '../../lib/model/errors.ts';
import { resolver } from '../support/addresses.ts';
import { type Change, type GitRemote, startGitRemote } from '../support/git-remote.ts';
import { type Programs, render, renderPorts } from '../support/rendering.ts';

const { kubectl, helm, renderer } = inject('world');
const STOCK = { kubectl, helm };
const SEALED = { kubectl, helm, renderer };
const cacheDir = mkdtempSync(join(tmpdir(), 'evk-guards-'));
const secret = join(cacheDir, 'secret.yaml');
const cm = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n';
let remote: GitRemote;

beforeAll(async () => {
  remote = await startGitRemote();
  writeFileSync(secret, `${cm}data: {canary: canary-5d}\n`);
  await remote.commit({
    'file.yaml': cm,
    'plain/cm.yaml': cm,
    'chart/Chart.yaml': 'apiVersion: v2\nname: c\nversion: 1.0.0\n',
    'chart/templates/cm.yaml': `${cm}data: {values: {{ .Values | toJson | quote }}}\n`,
    'kustomize/kustomization.yaml': 'resources: [cm.yaml]\n',
    'kustomize/cm.yaml': cm,
    'jsonnet/a.jsonnet': '{}',
    'kustomize/sub/kustomization.yaml': 'resources: []\n',
  });
});
afterAll(async () => {
  await remote.close();
  rmSync(cacheDir, { recursive: true, force: true });
});

async function fault(source: Partial<ApplicationSource>, programs: Programs = STOCK): Promise<Error> {
  return render('shop', { source: { repoURL: remote.url, ...source } }, renderPorts(programs, cacheDir)).then(
    ({ manifests }) => expect.fail(`rendered ${JSON.stringify(manifests)}`),
    (error: Error) => error,
  );
}

describe('a source', () => {
  it.each([
    ['an absolute path', { path: '/etc' }, '/etc: app path is absolute'],
    ['a path outside', { path: '../other' }, '../other: app path outside root'],
    ['a path that leaves and comes back', { path: 'plain/../../x/plain' }, 'app path outside root'],
    ['a path that is not there', { path: 'nowhere' }, 'nowhere: app path does not exist'],
    ['a path that is a file', { path: 'file.yaml' }, 'file.yaml: app path is not a directory'],
    [
      'a value file outside',
      { path: 'chart', helm: { valueFiles: ['../../secret.yaml'] } },
      "file '../../secret.yaml' resolved to outside repository root",
    ],
    ['an absolute value file outside', { path: 'chart', helm: { valueFiles: ['/../secret.yaml'] } }, 'resolved to outside repository root'],
    ['a value file that is the root', { path: 'chart', helm: { valueFiles: ['/'] } }, 'resolved to outside repository root'],
    [
      'a value file by environment',
      { path: 'chart', helm: { valueFiles: ['$NOTHING../../secret.yaml'] } },
      'resolved to outside repository root',
    ],
    ['a value file glob outside', { path: 'chart', helm: { valueFiles: ['../../*.yaml'] } }, 'resolved to outside repository root'],
    [
      'a value file at a URL',
      { path: 'chart', helm: { valueFiles: ['http://169.254.169.254/x'] } },
      'names a link-local or metadata address, which is refused',
    ],
    [
      'a file parameter outside',
      { path: 'chart', helm: { fileParameters: [{ name: 'a', path: '../../secret.yaml' }] } },
      'resolved to outside repository root',
    ],
    [
      'a value file glob that finds nothing',
      { path: 'chart', helm: { valueFiles: ['no/*.yaml'] } },
      'values file glob "no/*.yaml" matched no files',
    ],
    [
      'a component outside',
      { path: 'kustomize', kustomize: { components: ['../../elsewhere'] } },
      'component ../../elsewhere is not a directory in the repository',
    ],
    ['an unknown kustomize version', { path: 'kustomize', kustomize: { version: 'v1' } }, 'kustomize version v1 is not registered'],
    ['an unknown helm version', { path: 'chart', helm: { version: 'v2' } }, "helm version 'v2' is not supported"],
    ['two types at once', { path: 'chart', helm: {}, directory: {} }, 'multiple application sources defined: Helm,Directory'],
    ['helm without a chart', { path: 'plain', helm: {} }, 'error reading helm chart from plain/Chart.yaml'],
    ['a plugin', { plugin: { name: 'x' } }, 'source.plugin: config management plugins are not supported'],
    [
      'a repository by the git protocol',
      { repoURL: 'git://host.example/x' },
      'repository URL git://host.example/x is no http, https or ssh URL',
    ],
    ['a parameter of the wrong type', { path: 'chart', helm: { valueFiles: 'x' } }, 'helm.valueFiles'],
    ['a value that looks like an option', { path: 'chart', helm: { releaseName: '--post-renderer=/bin/sh' } }, 'failed exit status'],
  ])('with %s is refused', async (_what, source, message) => {
    const [error, other] = await Promise.all([fault(source, SEALED), fault(source)]);
    expect(other).toEqual(error);
    expect(error).toBeInstanceOf(InvalidInput);
    expect(error.message).toContain('Failed to load target state: failed to generate manifest for source 1 of 1: ');
    expect(error.message).toContain(message);
    expect(error.message).not.toContain(cacheDir);
    expect(error.message).not.toContain('canary');
  });

  it.each([
    [
      'a patch file outside',
      { patches: [{ path: '../../secret.yaml' }] },
      ['secret.yaml', '../../secret.yaml leads outside the repository'],
    ],
    ['a patch at a URL', { patches: [{ path: 'http://127.0.0.1:1/x' }] }, ['http://127.0.0.1:1/x', 'is not in the repository']],
  ])('with %s is refused by the renderer, and by the plan before the stock tools', async (_what, kustomize, [sealed, stock]) => {
    for (const [programs, message] of [
      [SEALED, sealed],
      [STOCK, stock],
    ] as const) {
      const error = await fault({ path: 'kustomize', kustomize }, programs);
      expect(error.message).toContain(message);
      expect(error.message).not.toContain('canary');
    }
  });

  it('with jsonnet says what it takes', async () => {
    expect((await fault({ path: 'jsonnet' })).message).toContain(
      'Failed to evaluate jsonnet "a.jsonnet": jsonnet needs the renderer, which is not there: set EVENKEEL_RENDERER',
    );
  });

  it('shows no folder of ours when a tool fails', async () => {
    for (const programs of [SEALED, STOCK]) {
      const error = await fault({ path: 'chart', helm: { valueFiles: ['missing.yaml'] } }, programs);
      expect(error.message).toContain('open <path to cached source>/chart/missing.yaml: no such file or directory');
      expect(error.message).not.toContain(tmpdir());
    }
  });

  it('is Unavailable, not wrong, when the remote does not answer', async () => {
    expect(await fault({ repoURL: 'http://127.0.0.1:1/x', path: 'plain' })).toBeInstanceOf(Unavailable);
  });
});

describe('a repository', () => {
  it.each<[string, Record<string, Change>, string]>([
    ['an absolute link', { 'plain/evil.yaml': { link: secret } }, 'plain/evil.yaml'],
    ['a link to /proc', { 'plain/evil.yaml': { link: '/proc/self/environ' } }, 'plain/evil.yaml'],
    ['a link to another checkout', { 'plain/evil.yaml': { link: '../../../x/tree/secret.yaml' } }, 'plain/evil.yaml'],
    ['a chain of links', { 'plain/evil.yaml': { link: 'b.yaml' }, 'plain/b.yaml': { link: '../../secret.yaml' } }, 'plain/b.yaml'],
    ['a link to a folder above', { 'chart/files': { link: '../..' } }, 'chart/files'],
    ['a link that leads nowhere, outside', { elsewhere: { link: '../gone' } }, 'elsewhere'],
  ])('with %s is refused, whatever the source reads', async (_what, changes, file) => {
    await remote.commit(changes);
    const error = await fault({ path: 'kustomize' });
    expect(error.message).toContain(`repository contains out-of-bounds symlinks. file: ${file}`);
    await remote.commit(Object.fromEntries(Object.keys(changes).map((path) => [path, undefined])));
  });

  it('may link within itself, and the closure follows', async () => {
    await remote.commit({ 'linked/cm.yaml': { link: '../plain/cm.yaml' }, entry: { link: 'linked' } });
    const { manifests, closure } = await render('shop', { source: { repoURL: remote.url, path: 'entry' } }, renderPorts(SEALED, cacheDir));
    expect(manifests.map(({ metadata }) => metadata.name)).toEqual(['a']);
    expect(closure.sources[0]?.paths.filter((path) => path.includes('cm') || path === 'entry')).toEqual([
      'entry',
      'linked/cm.yaml',
      'plain/cm.yaml',
    ]);
  });
});

describe('a name that leads to what serves credentials', () => {
  const ports = (programs: Programs) =>
    renderPorts(programs, cacheDir, undefined, undefined, { loopback: true, lookup: resolver({ 'creds.example': ['169.254.169.254'] }) });
  const why = /creds\.example leads to 169\.254\.169\.254, a link-local or metadata address, which is refused: name a server/;

  it('is refused as the repository of a ref source', async () => {
    const source = { repoURL: remote.url, path: 'chart', helm: { valueFiles: ['$values/a.yaml'] } };
    const sources = [source, { repoURL: 'http://creds.example/repo.git', ref: 'values' }];
    await expect(render('shop', { sources }, ports(STOCK))).rejects.toThrow(why);
  });

  it('is refused as that of a remote base', async () => {
    await remote.commit({ 'lured/kustomization.yaml': 'resources: ["http://creds.example/o/r.git?ref=v1.0.0"]\n' });
    await expect(render('shop', { source: { repoURL: remote.url, path: 'lured' } }, ports(SEALED))).rejects.toThrow(why);
  });
});
