// What a repository or a source may not reach: other folders, other servers, other processes' files.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { ApplicationSource } from '../../lib/model/application.ts';
import { InvalidInput, Unavailable } from '../../lib/model/errors.ts';
import { type Change, type GitRemote, startGitRemote } from '../support/git-remote.ts';
import { render, renderPorts } from '../support/rendering.ts';

const { kubectl, helm, renderer } = inject('world');
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

async function fault(source: Partial<ApplicationSource>): Promise<Error> {
  return render('shop', { source: { repoURL: remote.url, ...source } }, renderPorts({ kubectl, helm }, cacheDir)).then(
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
    [
      'a patch file outside',
      { path: 'kustomize', kustomize: { patches: [{ path: '../../secret.yaml' }] } },
      '../../secret.yaml leads outside the repository',
    ],
    ['a patch at a URL', { path: 'kustomize', kustomize: { patches: [{ path: 'http://127.0.0.1:9001/x' }] } }, 'is not in the repository'],
    ['an unknown kustomize version', { path: 'kustomize', kustomize: { version: 'v1' } }, 'kustomize version v1 is not registered'],
    ['an unknown helm version', { path: 'chart', helm: { version: 'v2' } }, "helm version 'v2' is not supported"],
    ['two types at once', { path: 'chart', helm: {}, directory: {} }, 'multiple application sources defined: Helm,Directory'],
    ['helm without a chart', { path: 'plain', helm: {} }, 'error reading helm chart from plain/Chart.yaml'],
    ['jsonnet', { path: 'jsonnet' }, 'Failed to evaluate jsonnet "a.jsonnet": jsonnet is not supported yet'],
    ['a chart from a Helm repository', { chart: 'nginx' }, 'source.chart: charts from Helm repositories are not supported yet'],
    ['an OCI artifact', { repoURL: 'oci://registry.example/x' }, 'source.repoURL: OCI artifacts are not supported yet'],
    ['a plugin', { plugin: { name: 'x' } }, 'source.plugin: config management plugins are not supported'],
    [
      'a repository over SSH',
      { repoURL: 'ssh://git@host.example/x' },
      'source.repoURL: only http and https repositories are supported yet, not ssh',
    ],
    ['a parameter of the wrong type', { path: 'chart', helm: { valueFiles: 'x' } }, 'helm.valueFiles'],
    ['a value that looks like an option', { path: 'chart', helm: { releaseName: '--post-renderer=/bin/sh' } }, 'failed exit status'],
  ])('with %s is refused', async (_what, source, message) => {
    const error = await fault(source);
    expect(error).toBeInstanceOf(InvalidInput);
    expect(error.message).toContain('Failed to load target state: failed to generate manifest for source 1 of 1: ');
    expect(error.message).toContain(message);
    expect(error.message).not.toContain(cacheDir);
    expect(error.message).not.toContain('canary');
  });

  it('shows no folder of ours when a tool fails', async () => {
    const error = await fault({ path: 'chart', helm: { valueFiles: ['missing.yaml'] } });
    expect(error.message).toContain('open <path to cached source>/chart/missing.yaml: no such file or directory');
    expect(error.message).not.toContain(tmpdir());
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
    const { manifests, closure } = await render(
      'shop',
      { source: { repoURL: remote.url, path: 'entry' } },
      renderPorts({ kubectl, helm }, cacheDir),
    );
    expect(manifests.map(({ metadata }) => metadata.name)).toEqual(['a']);
    expect(closure.sources[0]?.paths).toEqual(['entry', 'linked/', 'plain/cm.yaml']);
  });
});
