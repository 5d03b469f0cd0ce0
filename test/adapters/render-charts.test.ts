// Applications whose charts are not in Git: from an index over https, from a registry, with dependencies from either; and OCI artifacts.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { InvalidInput } from '../../lib/model/errors.ts';
import { createAuthority } from '../support/certificates.ts';
import { heldCredentials } from '../support/credentials.ts';
import { type GitRemote, startGitRemote } from '../support/git-remote.ts';
import { basic, type HelmRemote, startHelmRemote } from '../support/helm-remote.ts';
import { LAYER_GZIP, type OciRemote, startOciRemote } from '../support/oci-remote.ts';
import { folderStore } from '../support/render-store.ts';
import { type RenderOptions, type RenderPorts, render, renderPorts } from '../support/rendering.ts';
import { chartArchive, tgz } from '../support/tarball.ts';

const { kubectl, helm, renderer } = inject('world');
const cacheDir = mkdtempSync(join(tmpdir(), 'evk-charts-'));
const authority = createAuthority('tests');
const credentials = heldCredentials();
const cm = (name: string, value = '{{ .Values.value }}') =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\ndata:\n  value: "${value}"\n`;
const chart = (name: string, version: string, more: Record<string, string> = {}) =>
  chartArchive(name, version, { 'values.yaml': `value: ${name} ${version}\n`, 'templates/cm.yaml': cm('{{ .Chart.Name }}'), ...more });
let git: GitRemote;
let index: HelmRemote;
let registry: OciRemote;

beforeAll(async () => {
  [git, index, registry] = await Promise.all([startGitRemote(), startHelmRemote({ authority }), startOciRemote()]);
  for (const version of ['1.0.0', '1.2.0', '2.0.0']) index.add('redis', version, { archive: chart('redis', version) });
  for (const version of ['1.0.0', '2.0.0-rc.1']) index.add('preview', version, { archive: chart('preview', version) });
  await registry.push('charts/web', '1.1.0', {
    config: 'application/vnd.cncf.helm.config.v1+json',
    layers: [{ mediaType: 'application/vnd.cncf.helm.chart.content.v1.tar+gzip', data: chart('web', '1.1.0') }],
  });
  await registry.push('manifests/shop', 'v1', {
    layers: [{ mediaType: LAYER_GZIP, data: tgz([{ name: 'app/cm.yaml', text: cm('artifact', 'plain') }]) }],
  });
  credentials.secrets = [
    { data: { url: index.url, type: 'helm', name: 'stable' } },
    { data: { url: `${registry.host}/charts`, type: 'helm', name: 'registry', enableOCI: 'true', insecureOCIForceHttp: 'true' } },
    { data: { url: `oci://${registry.host}/manifests/shop`, type: 'oci', insecureOCIForceHttp: 'true' } },
  ];
  credentials.trust = { certificates: { '127.0.0.1': authority.ca } };
  await git.commit({
    'values/prod.yaml': 'value: from git\n',
    'umbrella/Chart.yaml': `apiVersion: v2\nname: umbrella\nversion: 1.0.0\ndependencies:\n  - {name: redis, version: ^1, repository: "${index.url}"}\n  - {name: redis, version: 1.0.0, repository: "@stable", alias: cache}\n  - {name: web, version: 1.1.0, repository: "oci://${registry.host}/charts"}\n`,
    'umbrella/values.yaml': 'cache: {value: aliased}\n',
    'newest/kustomization.yaml': `helmCharts:\n  - {name: redis, repo: "${index.url}"}\n  - {name: preview, repo: "${index.url}", devel: true}\n  - {name: web, repo: "oci://${registry.host}/charts/", version: 1.1.0}\n`,
    'local/kustomization.yaml': 'helmGlobals: {chartHome: ..}\nhelmCharts:\n  - {name: told, valuesFile: values.yaml, releaseName: told}\n',
    'local/values.yaml': 'a: 1\n',
    'told/Chart.yaml': 'apiVersion: v2\nname: told\nversion: 1.0.0\n',
    'told/templates/cm.yaml': cm('told', '{{ .Capabilities.KubeVersion.Version }} {{ .Capabilities.APIVersions.Has "x.example/v1" }}'),
    'over/kustomization.yaml': 'resources: [../kustomized]\nnamespace: here\n',
    'kustomized/kustomization.yaml': `helmCharts:\n  - {name: redis, version: 1.2.0, repo: "${index.url}", releaseName: my, valuesInline: {value: inline}}\nnamePrefix: k-\n`,
  });
});
afterAll(async () => {
  await Promise.all([git.close(), index.close(), registry.close()]);
  rmSync(cacheDir, { recursive: true, force: true });
});

const ports = (store = false): RenderPorts =>
  renderPorts({ kubectl, helm, renderer }, cacheDir, store ? folderStore(cacheDir) : undefined, credentials);

async function values(spec: Parameters<typeof render>[1], options: RenderOptions = {}): Promise<Record<string, unknown>> {
  const { manifests, revisions } = await render('shop', spec, ports(), options);
  const found = manifests.map(({ metadata, ...object }) => [metadata.name, (object['data'] as { value: string }).value]); // cm() made it
  return { revisions, ...Object.fromEntries(found) };
}

describe('a chart', () => {
  it.each([
    ['1.0.0', '1.0.0'],
    ['^1', '1.2.0'],
    ['*', '2.0.0'],
  ])('of an index at %s is rendered at %s', async (targetRevision, version) => {
    const source = { repoURL: index.url, chart: 'redis', targetRevision };
    expect(await values({ source })).toEqual({ revisions: [version], redis: `redis ${version}` });
  });

  it('takes value files of a repository beside it', async () => {
    const sources = [
      { repoURL: index.url, chart: 'redis', targetRevision: '1.0.0', helm: { valueFiles: ['$values/values/prod.yaml'] } },
      { repoURL: git.url, ref: 'values' },
    ];
    expect(await values({ sources })).toMatchObject({ redis: 'from git' });
  });

  it('of a registry is rendered like any other', async () => {
    const source = { repoURL: `${registry.host}/charts`, chart: 'web', targetRevision: '1.x' };
    expect(await values({ source })).toEqual({ revisions: ['1.1.0'], web: 'web 1.1.0' });
  });

  it('is known by what it holds: another look renders nothing', async () => {
    const [first, again] = [ports(true), ports(true)];
    const source = { repoURL: index.url, chart: 'redis', targetRevision: '2.0.0' };
    await render('shop', { source }, first);
    const { manifests } = await render('shop', { source }, again);
    expect([manifests.length, first.counts.renders, again.counts.renders]).toEqual([1, 1, 0]);
  });

  it('that is not there is named', async () => {
    const act = (chartName: string, targetRevision: string) =>
      render('shop', { source: { repoURL: index.url, chart: chartName, targetRevision } }, ports());
    await expect(act('redis', '^9')).rejects.toThrow('invalid revision: version matching constraint not found in 3 tags');
    await expect(act('nothing', '*')).rejects.toThrow("chart 'nothing' not found in index");
    await expect(act('redis', '7.0.0')).rejects.toThrow(InvalidInput);
  });
});

describe('dependencies of a chart', () => {
  it('come from an index, by a registered name and from a registry, before it is rendered', async () => {
    const { manifests } = await render('shop', { source: { repoURL: git.url, path: 'umbrella' } }, ports());
    const found = manifests.map(({ metadata, ...object }) => [metadata.name, (object['data'] as { value: string }).value]); // cm() made it
    expect(found.sort()).toEqual([
      ['cache', 'aliased'],
      ['redis', 'redis 1.2.0'],
      ['web', 'web 1.1.0'],
    ]);
  });

  it('are not fetched again for a commit that leaves the chart alone', async () => {
    const known = ports(true);
    await render('shop', { source: { repoURL: git.url, path: 'umbrella' } }, known);
    await git.commit({ README: 'unrelated' });
    index.requests.length = 0;
    const before = known.counts.renders;
    await render('shop', { source: { repoURL: git.url, path: 'umbrella' } }, known);
    expect([index.requests, known.counts.renders]).toEqual([[], before]);
  });

  it('by a registered name need a repository that the project permits', async () => {
    const act = render('shop', { source: { repoURL: git.url, path: 'umbrella' } }, ports(), { permits: (url) => url !== index.url });
    await expect(act).rejects.toThrow(`helm repos ${index.url} are not permitted in project 'books'`);
  });

  it('take the place of no ref, whatever it is called', async () => {
    await git.commit({ 'fetched.yaml': 'redis: {value: from the ref}\n' });
    const source = { repoURL: git.url, path: 'umbrella', helm: { valueFiles: ['$fetched-0/fetched.yaml'] } };
    expect(await values({ sources: [source, { repoURL: git.url, ref: 'fetched-0' }] })).toMatchObject({ redis: 'from the ref' });
  });

  it('that one project could fetch are found again by no other', async () => {
    const known = ports(true);
    const source = { repoURL: git.url, path: 'umbrella' };
    await render('shop', { source }, known);
    const act = render('shop', { project: 'others', source }, known, { permits: (url) => url === git.url });
    await expect(act).rejects.toThrow(`helm repos ${index.url} are not permitted in project 'others'`);
  });

  it('lend no credential to a repository that the project does not permit', async () => {
    index.demand = 'ann:canary-pw';
    credentials.secrets = credentials.secrets.map((secret) =>
      secret.data['url'] === index.url ? { data: { ...secret.data, username: 'ann', password: 'canary-pw' } } : secret,
    );
    const fresh = () => renderPorts({ kubectl, helm, renderer }, mkdtempSync(join(cacheDir, 'fresh-')), undefined, credentials);
    const source = { source: { repoURL: git.url, path: 'umbrella' } };
    const refused = await render('shop', source, fresh(), { permits: (url) => url === git.url }).then(
      () => expect.fail('rendered'),
      (error: Error) => error,
    );
    expect(refused.message).not.toContain('canary-pw');
    expect(index.requests.filter(({ authorization }) => authorization !== undefined)).toEqual([]);
    expect((await render('shop', source, fresh())).manifests.length).toBeGreaterThan(0);
    index.demand = undefined;
  });
});

describe("the credential of a dependency's repository", () => {
  const secret = 'ann:canary-pw';
  let own: HelmRemote;
  let other: HelmRemote;
  beforeAll(async () => {
    [own, other] = await Promise.all([startHelmRemote(), startHelmRemote()]);
    own.demand = secret;
    other.serve('/port.tgz', chart('port', '1.0.0'));
    own.add('near', '1.0.0', { archive: chart('near', '1.0.0') });
    own.add('port', '1.0.0', { archive: chart('port', '1.0.0'), url: `${other.url}/port.tgz` });
    own.add('name', '1.0.0', {
      archive: chart('name', '1.0.0'),
      url: `${own.url.replace('127.0.0.1', 'localhost')}/charts/name-1.0.0.tgz`,
    });
    credentials.secrets = [
      ...credentials.secrets,
      { data: { url: own.url, type: 'helm', name: 'own', username: 'ann', password: 'canary-pw' } },
    ];
    const umbrella = (...names: readonly string[]) =>
      `apiVersion: v2\nname: umbrella\nversion: 1.0.0\ndependencies:\n${names.map((name) => `  - {name: ${name}, version: 1.0.0, repository: "@own"}\n`).join('')}`;
    await git.commit({
      'near-port/Chart.yaml': umbrella('near', 'port'),
      'by-name/Chart.yaml': umbrella('name'),
      'asked/Chart.yaml': umbrella('port'),
      'asked/.argocd-source.yaml': 'helm: {passCredentials: true}\n',
    });
  });
  afterAll(() => Promise.all([own.close(), other.close()]));
  const act = (path: string, helmBlock?: Readonly<Record<string, unknown>>) => {
    other.requests.length = 0;
    const fresh = renderPorts({ kubectl, helm, renderer }, mkdtempSync(join(cacheDir, 'passing-')), folderStore(cacheDir), credentials);
    return render('shop', { source: { repoURL: git.url, path, ...(helmBlock ? { helm: helmBlock } : {}) } }, fresh);
  };

  it('stays with its own scheme, host and port, unless the source passes it on', async () => {
    expect((await act('near-port')).manifests).toHaveLength(2);
    expect(other.requests).toEqual([{ path: '/port.tgz', authorization: undefined }]);
    // What was rendered without it is remembered, and for nobody who passes it on.
    expect((await act('near-port', { passCredentials: false })).manifests).toHaveLength(2);
    expect(other.requests).toEqual([]);
    expect((await act('near-port', { passCredentials: true })).manifests).toHaveLength(2);
    expect(other.requests).toEqual([{ path: '/port.tgz', authorization: basic(secret) }]);
  });

  it('is not for the same machine by another name', async () => {
    await expect(act('by-name')).rejects.toThrow('failed to fetch http://localhost');
    expect((await act('by-name', { passCredentials: true })).manifests).toHaveLength(1);
    await expect(act('by-name')).rejects.toThrow('401 Unauthorized');
  });

  it('is not passed on because a file of the repository says so', async () => {
    expect((await act('asked')).manifests).toHaveLength(1);
    expect(other.requests).toEqual([{ path: '/port.tgz', authorization: undefined }]);
  });
});

describe('charts in a kustomization', () => {
  const source = (path = 'kustomized', kustomize?: Readonly<Record<string, unknown>>) => ({
    source: { repoURL: git.url, path, ...(kustomize ? { kustomize } : {}) },
  });
  const enabled = { settings: { 'kustomize.buildOptions': '--enable-helm' } };

  it('are fetched and inflated where the installation enables them', async () => {
    expect(await values(source(), enabled)).toMatchObject({ 'k-redis': 'inline' });
    expect(await values(source('over'), enabled)).toMatchObject({ 'k-redis': 'inline' });
  });

  it('are changed by what the source adds', async () => {
    expect(await values(source('kustomized', { namePrefix: 'own-' }), enabled)).toMatchObject({ 'own-redis': 'inline' });
  });

  it('without a version are the newest, from an index and a registry', async () => {
    const expected = { redis: 'redis 2.0.0', preview: 'preview 2.0.0-rc.1', web: 'web 1.1.0' };
    expect(await values(source('newest'), enabled)).toMatchObject(expected);
  });

  it('are told the versions of the source, or of the destination', async () => {
    const told = { kubeVersion: '1.21.4', apiVersions: ['x.example/v1'] };
    expect(await values(source('local', told), enabled)).toMatchObject({ told: 'v1.21.4 true' });
    expect(await values(source('local'), enabled)).toMatchObject({ told: expect.stringMatching(/^v1\.\d\d\.\d+ false$/) });
  });

  it('are looked at again only for what they read', async () => {
    const known = ports(true);
    await render('shop', source(), known, enabled);
    await git.commit({ README: 'unrelated to charts' });
    const before = known.counts.renders;
    await render('shop', source(), known, enabled);
    expect(known.counts.renders).toBe(before);
    await expect(render('shop', source(), known)).rejects.toThrow('must specify --enable-helm in kustomize.buildOptions of argocd-cm');
  });

  it.each(['', '--enable-helm=false'])('are refused with build options %j', async (options) => {
    const settings = { 'kustomize.buildOptions': options };
    await expect(render('shop', source(), ports(), { settings })).rejects.toThrow('must specify --enable-helm');
  });

  it('need the renderer, and leave other kustomizations of the installation alone', async () => {
    await git.commit({ 'other/kustomization.yaml': 'resources: [cm.yaml]\n', 'other/cm.yaml': cm('other', 'x') });
    const stock = () => renderPorts({ kubectl, helm }, cacheDir, undefined, credentials);
    const { manifests } = await render('shop', source('other'), stock(), enabled);
    expect(manifests).toHaveLength(1);
    await expect(render('shop', source('local'), stock(), enabled)).rejects.toThrow('kustomize with helm charts needs the renderer');
  });
});

describe('an OCI artifact', () => {
  it('is rendered from its folder, at the digest of its tag', async () => {
    const source = { repoURL: `oci://${registry.host}/manifests/shop`, targetRevision: 'v1', path: 'app' };
    const found = await values({ source });
    expect(found).toMatchObject({ artifact: 'plain', revisions: [expect.stringMatching(/^sha256:[0-9a-f]{64}$/)] });
  });

  it('that is a chart is rendered with its path, and chart says nothing beside it', async () => {
    credentials.secrets = [
      ...credentials.secrets,
      { data: { url: `oci://${registry.host}/charts/web`, type: 'oci', insecureOCIForceHttp: 'true' } },
    ];
    const source = { repoURL: `oci://${registry.host}/charts/web`, targetRevision: '1.1.0', path: '.' };
    expect(await values({ source })).toMatchObject({ web: 'web 1.1.0' });
    expect(await values({ source: { ...source, chart: 'web' } })).toMatchObject({ web: 'web 1.1.0' });
    const { path: _none, ...pathless } = source;
    expect(await values({ source: { ...pathless, chart: 'other' } })).toMatchObject({ web: 'web 1.1.0' });
    await expect(values({ source: { ...source, chart: 'web', path: 'missing' } })).rejects.toThrow('missing');
  });

  it('that is not there is named', async () => {
    const source = { repoURL: `oci://${registry.host}/manifests/shop`, targetRevision: 'gone', path: 'app' };
    await expect(render('shop', { source }, ports())).rejects.toThrow('cannot get digest for revision gone');
  });
});
