// A render that is kept, while what was fetched for it moves: ranges of versions, files, what is published anew; and while the project
// that permitted it changes its mind.
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import type { ApplicationSource } from '../../lib/model/application.ts';
import { createAuthority } from '../support/certificates.ts';
import { heldCredentials, type SecretText } from '../support/credentials.ts';
import { type GitRemote, startGitRemote } from '../support/git-remote.ts';
import { type HelmRemote, startHelmRemote } from '../support/helm-remote.ts';
import { type OciRemote, startOciRemote } from '../support/oci-remote.ts';
import { folderStore } from '../support/render-store.ts';
import { type RenderOptions, type RenderPorts, render, renderPorts } from '../support/rendering.ts';
import { chartArchive } from '../support/tarball.ts';

const { kubectl, helm, renderer } = inject('world');
const folder = mkdtempSync(join(tmpdir(), 'evk-moving-'));
const authority = createAuthority('tests');
const credentials = heldCredentials();
const cm = (name: string, value: string) => `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\ndata:\n  value: "${value}"\n`;
const chart = (version: string, value = version) => chartArchive('redis', version, { 'templates/cm.yaml': cm('redis', value) });
const MINUTE = 60_000;
let git: GitRemote;
let other: GitRemote;
let index: HelmRemote;
let registry: OciRemote;
let files: Server;
let filesUrl: string;
let text = 'one';
const asked: string[] = [];
let ports: RenderPorts;
let count = 0;

beforeAll(async () => {
  [git, other, index, registry] = await Promise.all([startGitRemote(), startGitRemote(), startHelmRemote({ authority }), startOciRemote()]);
  files = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.end(request.url?.includes('kustomized') ? cm('file', text) : `value: ${text}\n`);
  });
  await new Promise<void>((resolve) => files.listen(0, '127.0.0.1', resolve));
  filesUrl = `http://127.0.0.1:${(files.address() as AddressInfo).port}`; // a listening TCP server has one
  await other.commit({ 'base/kustomization.yaml': 'resources: [cm.yaml]\n', 'base/cm.yaml': cm('base', 'elsewhere') });
  await other.git('tag', 'v1.0.0');
  await other.git('push', '-q', 'origin', 'v1.0.0');
});
afterAll(async () => {
  await Promise.all([git.close(), other.close(), index.close(), registry.close()]);
  files.closeAllConnections();
  await new Promise((resolve) => files.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

const secrets = (login: Readonly<Record<string, string>> = {}): SecretText[] => [
  { data: { url: index.url, type: 'helm', name: 'stable', ...login } },
  { data: { url: other.url, type: 'git', ...login } },
  { data: { url: `${registry.host}/charts`, type: 'helm', enableOCI: 'true', insecureOCIForceHttp: 'true' } },
];

/** A cache of its own for each test, so that nothing of another is found. */
beforeEach(() => {
  count += 1;
  const cacheDir = join(folder, `cache-${count}`);
  credentials.secrets = secrets();
  credentials.trust = { certificates: { '127.0.0.1': authority.ca } };
  for (const remote of [index, other]) remote.demand = undefined;
  for (const version of ['1.0.0', '1.2.0']) index.add('redis', version, { archive: chart(version) });
  text = 'one';
  ports = renderPorts({ kubectl, helm, renderer }, cacheDir, folderStore(cacheDir), credentials);
});

const publish = (version: string, value = version) =>
  registry.push('charts/redis', version, {
    config: 'application/vnd.cncf.helm.config.v1+json',
    layers: [{ mediaType: 'application/vnd.cncf.helm.chart.content.v1.tar+gzip', data: chart(version, value) }],
  });

/** What the one object says, and how often something was rendered for that. */
async function look(source: ApplicationSource, options: RenderOptions = {}): Promise<readonly [unknown, number]> {
  const before = ports.counts.renders;
  const { manifests, conditions } = await render('shop', { source }, ports, options);
  expect(conditions).toEqual([]);
  const [manifest] = manifests;
  return [(manifest?.['data'] as { readonly value: string } | undefined)?.value, ports.counts.renders - before]; // cm() made it
}
const later = (minutes: number): RenderOptions => ({ notBefore: Date.now() + minutes * MINUTE });
const hard = (): RenderOptions => ({ fresh: true, notBefore: Date.now() });

/** A chart in Git with one dependency, and with the lock that helm would write for it. */
async function umbrella(version: string, repository = '@stable', locked?: string): Promise<ApplicationSource> {
  const [wanted, lock] = [version, locked ?? version].map((one) => [{ name: 'redis', version: one, repository }]);
  const digest = `sha256:${createHash('sha256')
    .update(JSON.stringify([wanted, lock]))
    .digest('hex')}`;
  await git.commit({
    'chart/Chart.yaml': JSON.stringify({ apiVersion: 'v2', name: 'umbrella', version: `1.0.${count}`, dependencies: wanted }),
    'chart/Chart.lock':
      locked === undefined ? undefined : JSON.stringify({ dependencies: lock, digest, generated: '2020-01-01T00:00:00Z' }),
  });
  return { repoURL: git.url, path: 'chart' };
}

describe('the newest version in the range of a dependency', () => {
  it('is looked for again once the last answer is three minutes old, and rendered only when it is another', async () => {
    const source = await umbrella('^1');
    expect(await look(source)).toEqual(['1.2.0', 2]);
    index.add('redis', '1.3.0', { archive: chart('1.3.0') });
    index.requests.length = 0;
    expect([await look(source, later(1)), index.requests.length]).toEqual([['1.2.0', 0], 0]);
    expect(await look(source, later(4))).toEqual(['1.3.0', 2]);
    index.requests.length = 0;
    expect(await look(source, later(8))).toEqual(['1.3.0', 0]);
    expect(index.requests.map(({ path }) => path)).toEqual(['/index.yaml']);
  });

  it('counts for another commit with the same chart too', async () => {
    const source = await umbrella('^1');
    await look(source);
    index.add('redis', '1.4.0', { archive: chart('1.4.0') });
    await git.commit({ README: `unrelated ${count}` });
    expect(await look(source, later(4))).toEqual(['1.4.0', 2]);
  });

  it('is taken at once by a hard refresh', async () => {
    const source = await umbrella('^1');
    await look(source);
    index.add('redis', '1.5.0', { archive: chart('1.5.0') });
    expect(await look(source, hard())).toEqual(['1.5.0', 2]);
    expect(await look(source)).toEqual(['1.5.0', 0]);
  });

  it('of a registry moves likewise', async () => {
    await publish('1.0.0');
    const source = await umbrella('^1', `oci://${registry.host}/charts`);
    expect(await look(source)).toEqual(['1.0.0', 2]);
    await publish('1.1.0');
    expect(await look(source, later(4))).toEqual(['1.1.0', 2]);
  });
});

describe('a chart that is published anew under its version', () => {
  const republish = async (value: string) => {
    index.add('redis', '1.0.0', { archive: chart('1.0.0', value) });
    await publish('1.0.0', value);
  };
  const kinds: readonly (readonly [string, () => ApplicationSource | Promise<ApplicationSource>, renders: number])[] = [
    ['of an index', () => ({ repoURL: index.url, chart: 'redis', targetRevision: '1.0.0' }), 1],
    ['of a registry', () => ({ repoURL: `${registry.host}/charts`, chart: 'redis', targetRevision: '1.0.0' }), 1],
    ['as a dependency', () => umbrella('1.0.0'), 2],
    ['as a dependency by its lock', () => umbrella('^1', '@stable', '1.0.0'), 2],
  ];

  it.each(kinds)('%s is not asked for, but taken by a hard refresh', async (_, sourceOf, renders) => {
    await republish('first');
    const source = await sourceOf();
    expect(await look(source)).toEqual(['first', renders]);
    await republish('second');
    index.requests.length = 0;
    expect([await look(source, later(60)), index.requests]).toEqual([['first', 0], []]);
    expect(await look(source, hard())).toEqual(['second', renders]);
    expect(await look(source)).toEqual(['second', 0]);
    await git.commit({ README: `unrelated ${count}` });
    expect(await look(source)).toEqual(['second', 0]);
  });
});

describe('a value file at a URL', () => {
  const source = async (path: string): Promise<ApplicationSource> => {
    await git.commit({
      'valued/Chart.yaml': `apiVersion: v2\nname: valued\nversion: 1.0.${count}\n`,
      'valued/templates/cm.yaml': cm('valued', '{{ .Values.value }}'),
    });
    return { repoURL: git.url, path: 'valued', helm: { valueFiles: [`${filesUrl}${path}`] } };
  };

  it('that names no version is asked for again after three minutes, and at once by a hard refresh', async () => {
    const valued = await source(`/main/${count}.yaml`);
    expect(await look(valued)).toEqual(['one', 1]);
    text = 'two';
    expect(await look(valued, later(1))).toEqual(['one', 0]);
    expect(await look(valued, later(4))).toEqual(['two', 1]);
    expect(await look(valued, later(8))).toEqual(['two', 0]);
    text = 'three';
    expect(await look(valued, { ...later(9), fresh: true })).toEqual(['three', 1]);
  });

  it('needs no leave for kustomizations elsewhere to be asked for again', async () => {
    const valued = await source(`/main/leave-${count}.yaml`);
    await look(valued, { remoteBases: 'refused' });
    text = 'two';
    expect(await look(valued, { ...later(4), remoteBases: 'refused' })).toEqual(['two', 1]);
  });

  it('that names a version is asked for again by a hard refresh alone', async () => {
    const valued = await source(`/v1.0.${count}/values.yaml`);
    await look(valued);
    text = 'two';
    asked.length = 0;
    expect([await look(valued, later(60)), asked]).toEqual([['one', 0], []]);
    expect(await look(valued, hard())).toEqual(['two', 1]);
  });
});

describe('a file that a kustomization names elsewhere', () => {
  const source = async (path: string): Promise<ApplicationSource> => {
    await git.commit({ 'app/kustomization.yaml': `resources: ["${filesUrl}${path}"]\n` });
    return { repoURL: git.url, path: 'app' };
  };
  const any: RenderOptions = { remoteBases: 'any' };

  it('is asked for again after three minutes where it may move', async () => {
    const app = await source(`/main/kustomized-${count}.yaml`);
    expect(await look(app, any)).toEqual(['one', 2]);
    text = 'two';
    expect(await look(app, { ...later(1), ...any })).toEqual(['one', 0]);
    expect(await look(app, { ...later(4), ...any })).toEqual(['two', 2]);
  });

  it('at a version is asked for again by a hard refresh alone', async () => {
    const app = await source(`/v2.0.${count}/kustomized.yaml`);
    await look(app);
    text = 'two';
    expect(await look(app, later(60))).toEqual(['one', 0]);
    expect(await look(app, hard())).toEqual(['two', 2]);
  });
});

describe('a project that does not permit a repository any more', () => {
  const withdrawn = (...urls: readonly string[]): RenderOptions => ({ permits: (url) => !urls.includes(url) });
  const login = { username: 'ann', password: 'canary-pw' };
  const closed = (...remotes: readonly { demand: string | undefined }[]) => {
    credentials.secrets = secrets(login);
    for (const remote of remotes) remote.demand = 'ann:canary-pw';
  };
  const based = async (): Promise<ApplicationSource> => {
    await git.commit({
      'based/kustomization.yaml': `resources: ["${other.url}//base?ref=v1.0.0"]\nnameSuffix: -at${count}\n`,
    });
    return { repoURL: git.url, path: 'based' };
  };

  it.each([
    [
      'a remote base',
      based,
      () => other.url,
      () => `repository ${other.url} is not permitted in project 'books', so no credential is lent to it: `,
    ],
    [
      'a dependency by a registered name',
      () => umbrella('1.0.0'),
      () => index.url,
      () => `helm repos ${index.url} are not permitted in project 'books'`,
    ],
    [
      'a dependency by its URL',
      () => umbrella('1.0.0', index.url),
      () => index.url,
      () => `helm repos ${index.url} are not permitted in project 'books': failed to get index: 401 Unauthorized`,
    ],
    [
      'a dependency in a range',
      () => umbrella('^1', index.url),
      () => index.url,
      () => `helm repos ${index.url} are not permitted in project 'books': failed to get index: 401 Unauthorized`,
    ],
  ])('has no render that %s of it went into', async (_, sourceOf, urlOf, message) => {
    closed(other, index);
    const source = await sourceOf();
    const [value] = await look(source);
    expect(value).toBeDefined();
    const refused = await look(source, withdrawn(urlOf())).then(
      () => expect.fail('rendered'),
      (error: Error) => error.message,
    );
    expect(refused).toContain(message());
    expect(refused).not.toContain('canary');
    await git.commit({ README: `unrelated ${count}` });
    await expect(look(source, withdrawn(urlOf()))).rejects.toThrow(message());
    expect(await look(source, withdrawn('https://another.example'))).toEqual([value, 0]);
  });

  it('has what anybody could fetch, rendered once more and kept as such', async () => {
    const source = await based();
    expect(await look(source)).toEqual(['elsewhere', 2]);
    expect(await look(source, withdrawn(other.url))).toEqual(['elsewhere', 2]);
    expect(await look(source, withdrawn(other.url))).toEqual(['elsewhere', 0]);
    expect(await look(source)).toEqual(['elsewhere', 0]);
  });

  it('counts, not whether its Secret is still there', async () => {
    closed(other);
    const source = await based();
    await look(source);
    credentials.secrets = [];
    expect(await look(source)).toEqual(['elsewhere', 0]);
  });
});
