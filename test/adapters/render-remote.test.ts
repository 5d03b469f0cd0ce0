// Kustomizations that name something elsewhere: what is fetched, what is refused, and what wakes the Application afterwards.
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { closureTouches } from '../../lib/desired/closure.ts';
import { InvalidInput } from '../../lib/model/errors.ts';
import { type GitRemote, startGitRemote } from '../support/git-remote.ts';
import { folderStore } from '../support/render-store.ts';
import { type RenderOptions, render, renderPorts } from '../support/rendering.ts';

const { kubectl, helm, renderer } = inject('world');
const cacheDir = mkdtempSync(join(tmpdir(), 'evk-remote-bases-'));
const cm = (name: string) => `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n`;
let own: GitRemote;
let other: GitRemote;
let tagged: string;
let files: Server;
let filesUrl: string;
const asked: string[] = [];

beforeAll(async () => {
  [own, other] = await Promise.all([startGitRemote(), startGitRemote()]);
  await other.commit({
    'base/kustomization.yaml': 'resources: [../shared, one.yaml]\n',
    'base/one.yaml': cm('one'),
    'shared/kustomization.yaml': 'resources: [s.yaml]\n',
    'shared/s.yaml': cm('shared'),
    'big/kustomization.yaml': `resources: ["${other.url}//base?ref=v1.0.0"]\nnamePrefix: big-\n`,
  });
  tagged = await other.git('rev-parse', 'HEAD');
  await other.git('tag', 'v1.0.0');
  await other.git('push', '-q', 'origin', 'v1.0.0');
  files = createServer((request, response) => {
    asked.push(request.url ?? '');
    if (request.url === '/v1.0.0/moved.yaml') response.writeHead(302, { location: '/v1.0.0/one.yaml' }).end();
    else if (request.url === '/v1.0.0/secret.yaml') response.writeHead(302, { location: 'http://169.254.169.254/latest' }).end();
    else if (request.url?.endsWith('one.yaml')) response.end(cm('downloaded'));
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => files.listen(0, '127.0.0.1', resolve));
  filesUrl = `http://127.0.0.1:${(files.address() as AddressInfo).port}`; // a listening TCP server has one
});
afterAll(async () => {
  await Promise.all([own.close(), other.close()]);
  files.closeAllConnections();
  await new Promise((resolve) => files.close(resolve));
  rmSync(cacheDir, { recursive: true, force: true });
});

async function built(kustomization: string, options: RenderOptions = {}, ports = renderPorts({ kubectl, helm, renderer }, cacheDir)) {
  await own.commit({ 'app/kustomization.yaml': kustomization });
  return render('shop', { source: { repoURL: own.url, path: 'app' } }, ports, options);
}
const namesOf = async (kustomization: string, options: RenderOptions = {}) =>
  (await built(kustomization, options)).manifests.map(({ metadata }) => metadata.name).sort();
const fault = (kustomization: string, options: RenderOptions = {}) =>
  built(kustomization, options).then(
    ({ manifests }) => expect.fail(JSON.stringify(manifests)),
    (error: Error) => error,
  );

describe('a kustomization elsewhere', () => {
  it.each([
    ['at a tag', () => `${other.url}//base?ref=v1.0.0`],
    ['at a tag by its full name', () => `${other.url}//base?ref=refs/tags/v1.0.0`],
    ['at a commit', () => `${other.url}//base?ref=${tagged}`],
    ['at a short commit', () => `${other.url}//base?ref=${tagged.slice(0, 12)}`],
    ['with the repository ended by .git', () => `${other.url}/base?ref=v1.0.0`],
    ['of git:: form', () => `git::${other.url}//base?ref=v1.0.0`],
  ])('%s is fetched and rendered', async (_what, url) => {
    expect(await namesOf(`resources: ["${url()}"]\nnamePrefix: my-\n`)).toEqual(['my-one', 'my-shared']);
  });

  it('may be a component, and may name more elsewhere', async () => {
    expect(await namesOf(`resources: ["${other.url}//big?ref=v1.0.0"]\nnameSuffix: -x\n`)).toEqual(['big-one-x', 'big-shared-x']);
  });

  it('that follows a branch is refused, with the way out', async () => {
    for (const url of [`${other.url}//base`, `${other.url}//base?ref=main`]) {
      const error = await fault(`resources: ["${url}"]`);
      expect(error).toBeInstanceOf(InvalidInput);
      expect(error.message).toMatch(
        /follows (?:main|the default branch): pin it with \?ref= and a tag or commit, or set EVENKEEL_REMOTE_BASES=any/,
      );
    }
  });

  it('is refused altogether where the installation says so', async () => {
    const error = await fault(`resources: ["${other.url}//base?ref=v1.0.0"]`, { remoteBases: 'refused' });
    expect(error.message).toContain('is not in the repository, and EVENKEEL_REMOTE_BASES=refused');
  });

  it('that follows a branch, where that is allowed, is looked for at each look, and a push to it wakes', async () => {
    const ports = renderPorts({ kubectl, helm, renderer }, cacheDir, folderStore(cacheDir));
    const options = { remoteBases: 'any' as const };
    const first = await built(`resources: ["${other.url}//base?ref=main"]`, options, ports);
    const source = first.closure.sources.find(({ follows }) => follows !== undefined);
    expect([source?.follows, source?.repoURL]).toEqual(['main', other.url]);
    const touched = (...paths: string[]) => closureTouches({ sources: source ? [source] : [] }, other.url, paths);
    expect([touched('base/one.yaml'), touched('shared/s.yaml'), touched('big/kustomization.yaml')]).toEqual([true, true, false]);
    await other.commit({ 'base/one.yaml': cm('changed') });
    const again = await render('shop', { source: { repoURL: own.url, path: 'app' } }, ports, options);
    expect(again.manifests.map(({ metadata }) => metadata.name)).toContain('changed');
    await other.commit({ 'base/one.yaml': cm('one') });
  });

  it('that was allowed once is refused by a setting that no longer allows it', async () => {
    const ports = renderPorts({ kubectl, helm, renderer }, cacheDir, folderStore(cacheDir));
    const kustomization = `resources: ["${other.url}//base?ref=main"]\nnamePrefix: tightened-\n`;
    await built(kustomization, { remoteBases: 'any' }, ports);
    for (const remoteBases of ['fixed', 'refused'] as const)
      await expect(built(kustomization, { remoteBases }, ports)).rejects.toThrow('EVENKEEL_REMOTE_BASES');
  });

  it('leaves no password of its URL with the Application', async () => {
    const url = other.url.replace('http://', 'http://ann:canary-pw@');
    const { closure } = await built(`resources: ["${url}//base?ref=main"]\nnamePrefix: userinfo-\n`, { remoteBases: 'any' });
    expect(closure.sources.map(({ follows, repoURL }) => [follows, repoURL])).toContainEqual(['main', other.url]);
    expect(JSON.stringify(closure)).not.toContain('canary-pw');
  });

  it('at a tag is not asked for again once it is rendered', async () => {
    const ports = renderPorts({ kubectl, helm, renderer }, cacheDir, folderStore(cacheDir));
    await built(`resources: ["${other.url}//base?ref=v1.0.0"]\nnamePrefix: once-\n`, {}, ports);
    other.requests.length = 0;
    await render('shop', { source: { repoURL: own.url, path: 'app' } }, ports);
    await own.commit({ README: 'unrelated' });
    await render('shop', { source: { repoURL: own.url, path: 'app' } }, ports);
    expect([other.requests, ports.counts.renders]).toEqual([[], 2]);
  });

  it('that is not there names what is missing', async () => {
    expect((await fault(`resources: ["${other.url}//nowhere?ref=v1.0.0"]`)).message).toContain('nowhere');
    expect((await fault(`resources: ["${other.url}//base?ref=v9.9.9"]`)).message).toContain("unable to resolve 'v9.9.9' to a commit SHA");
  });

  it('is reached as anybody could where the project does not permit its repository', async () => {
    const projects: (string | undefined)[] = [];
    const ports = renderPorts({ kubectl, helm, renderer }, cacheDir);
    const { repositories } = ports;
    const watched = {
      ...ports,
      repositories: {
        ...repositories,
        checkout: (...[source, revision, project]: Parameters<typeof repositories.checkout>) => {
          projects.push(project);
          return repositories.checkout(source, revision, project);
        },
      },
    };
    await built(`resources: ["${other.url}//base?ref=v1.0.0"]`, { permits: (url) => url === own.url }, watched);
    expect(projects).toEqual(['books', undefined]);
  });
});

it('what comes after something else has failed is let go again', async () => {
  const ports = renderPorts({ kubectl, helm, renderer }, cacheDir);
  const { repositories } = ports;
  const holders = { taken: 0, released: 0 };
  const checkout: typeof repositories.checkout = async (...asked) => {
    const found = await repositories.checkout(...asked);
    if (asked[0].repoURL === other.url) await sleep(300);
    holders.taken += 1;
    const release = () => {
      holders.released += 1;
      found.release();
    };
    return { ...found, release };
  };
  const both = `resources: ["${other.url}//base?ref=v1.0.0", "${filesUrl}/v1.0.0/missing.yaml"]\n`;
  await expect(built(both, {}, { ...ports, repositories: { ...repositories, checkout } })).rejects.toThrow('missing.yaml answered 404');
  await expect.poll(() => [holders.taken, holders.released]).toEqual([2, 2]);
});

describe('a file elsewhere', () => {
  it('is downloaded once, redirects followed', async () => {
    expect(await namesOf(`resources: ["${filesUrl}/v1.0.0/moved.yaml"]\nnamePrefix: a-\n`)).toEqual(['a-downloaded']);
    const before = asked.length;
    expect(await namesOf(`resources: ["${filesUrl}/v1.0.0/moved.yaml"]\nnamePrefix: b-\n`)).toEqual(['b-downloaded']);
    expect(asked.length).toBe(before);
  });

  it('whose URL names no version is refused, unless such are allowed', async () => {
    expect((await fault(`resources: ["${filesUrl}/main/one.yaml"]`)).message).toContain('use a URL with a version or commit in it');
    expect(await namesOf(`resources: ["${filesUrl}/main/one.yaml"]`, { remoteBases: 'any' })).toEqual(['downloaded']);
  });

  it('that redirects to what serves credentials, or is not there, is refused by name', async () => {
    expect((await fault(`resources: ["${filesUrl}/v1.0.0/secret.yaml"]`)).message).toContain('link-local or metadata address');
    expect((await fault(`resources: ["${filesUrl}/v1.0.0/gone.yaml?token=canary"]`)).message).toMatch(/gone\.yaml answered 404/);
    expect((await fault(`resources: ["${filesUrl}/v1.0.0/gone.yaml?token=canary"]`)).message).not.toContain('canary');
  });
});

describe('a value file at a URL', () => {
  const chart = {
    'chart/Chart.yaml': 'apiVersion: v2\nname: c\nversion: 1.0.0\n',
    'chart/templates/cm.yaml': `${cm('c')}data: {kind: "{{ .Values.kind }}"}\n`,
  };
  const source = () => ({ source: { repoURL: own.url, path: 'chart', helm: { valueFiles: [`${filesUrl}/v1.0.0/one.yaml`] } } });

  it('is fetched before the chart is rendered', async () => {
    await own.commit(chart);
    const { manifests } = await render('shop', source(), renderPorts({ kubectl, helm, renderer }, cacheDir));
    expect(manifests[0]?.['data']).toEqual({ kind: 'ConfigMap' });
  });

  it('is refused where its scheme is not allowed', async () => {
    const act = render('shop', source(), renderPorts({ kubectl, helm, renderer }, cacheDir), {
      settings: { 'helm.valuesFileSchemes': 'https' },
    });
    await expect(act).rejects.toThrow("error resolving value file path: the URL scheme 'http' is not allowed");
  });
});
