// Threats: credentials in messages, arguments, environments, files and logs of the programs that fetch.
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createCharts } from '../../lib/adapters/charts.ts';
import { createAuthority } from '../support/certificates.ts';
import { accessOf, chartsUnderTest, thrown } from '../support/charts.ts';
import { type HelmRemote, startHelmRemote } from '../support/helm-remote.ts';
import { world } from '../world/world.ts';

const CANARY = 'canary-tweet';

let remote: HelmRemote;
let folder: string;

beforeAll(async () => {
  remote = await startHelmRemote();
  folder = mkdtempSync(join(tmpdir(), 'evk-secrets-'));
});
afterAll(async () => {
  await remote.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Every text below a folder, names included. */
function textsBelow(dir: string): string {
  const found = readdirSync(dir, { recursive: true, withFileTypes: true });
  const texts = found.filter((entry) => entry.isFile()).map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'));
  return [...found.map(({ name }) => name), ...texts].join('\n');
}

it('keeps a password out of arguments, environment and files of the program while it runs', async () => {
  const client = createAuthority('tests').issue('client');
  const key = client.key.split('\n')[1] ?? '';
  const seen: string[] = [];
  const starter = join(folder, 'starter');
  writeFileSync(starter, `#!/bin/sh\necho $$ > ${folder}/pid\nexec ${world().renderer} "$@"\n`);
  chmodSync(starter, 0o755);
  const hanging = await startHelmRemote();
  hanging.add('redis', '1.0.0');
  hanging.demand = `ann:${CANARY}`;
  hanging.serve('/charts/redis-1.0.0.tgz', (request, response) => {
    const pid = readFileSync(join(folder, 'pid'), 'utf8').trim();
    for (const file of ['cmdline', 'environ']) seen.push(readFileSync(`/proc/${pid}/${file}`, 'utf8'));
    seen.push(textsBelow(join(folder, 'cache')), `${request.headers.authorization}`);
    response.writeHead(500).end();
  });
  const lines: unknown[] = [];
  const record = (...line: unknown[]) => void lines.push(line);
  const log = { info: record, warn: record, error: record, with: () => log };
  const access = accessOf(hanging.url, { credential: { kind: 'basic', username: 'ann', password: CANARY }, clientCertificate: client });
  const charts = createCharts({
    renderer: starter,
    cacheDir: join(folder, 'cache'),
    clock: Date.now,
    timeoutSeconds: 30,
    dial: { loopback: true },
    log,
    credentials: { access: async () => access, named: async () => undefined },
  });
  const source = { repoURL: hanging.url, chart: 'redis', targetRevision: '1.0.0' };
  await charts.resolveRevision({ ...source, targetRevision: '*' }, 0, 'shop');
  const error = await thrown(charts.checkout(source, '1.0.0', 'shop'));
  const [cmdline = '', environ = '', files, authorization = ''] = seen;
  expect(cmdline.split('\0').slice(1)).toEqual(['fetch', '']);
  expect(environ).toContain('HOME=/nonexistent');
  expect(Buffer.from(authorization.replace('Basic ', ''), 'base64').toString()).toBe(`ann:${CANARY}`);
  const told = [cmdline, environ, files, error.message, error.stack, JSON.stringify(lines), textsBelow(folder)].join('\n');
  expect(lines.length).toBeGreaterThan(0);
  expect([CANARY, key, authorization].filter((secret) => told.includes(secret))).toEqual([]);
  await hanging.close();
});

it.each([
  ['an index that is refused', 401, '/'],
  ['an index that is not there', 404, '/'],
  ['a server that fails', 500, '/'],
])('keeps a password out of the message of %s', async (_, status, path) => {
  remote.refuse = status;
  const url = `${remote.url.replace('//', `//ann:${CANARY}@`)}${path}`;
  const charts = chartsUnderTest({ cacheDir: join(folder, 'cache') });
  for (const repoURL of [url, url.replace(/:\d+\//, ':1/'), `ann:${CANARY}@127.0.0.1:1/x`, `ftp://ann:${CANARY}@127.0.0.1/x`]) {
    const error = await thrown(charts.resolveRevision({ repoURL, chart: 'redis', targetRevision: '*' }, 0, 'shop'));
    expect(`${error.message} ${error.stack}`).not.toContain(CANARY);
  }
  remote.refuse = undefined;
});

it('keeps what a redirect carries in its query out of messages, and what a server sends back of a password', async () => {
  const url = remote.url;
  remote.serve('/index.yaml', (_, response) => response.writeHead(302, { location: `http://127.0.0.1:1/x?signature=${CANARY}` }).end());
  const asking = (accesses = {}) => chartsUnderTest({ cacheDir: join(folder, 'cache'), accesses });
  const source = { repoURL: url, chart: 'redis', targetRevision: '*' };
  expect((await thrown(asking().resolveRevision(source, 0, 'shop'))).message).not.toContain(CANARY);
  const echo = await startHelmRemote();
  echo.serve('/v2/x/redis/tags/list', (request, response) => {
    const header = request.headers.authorization ?? '';
    const said = `${header} ${Buffer.from(header.replace('Basic ', ''), 'base64').toString()}`;
    const body = JSON.stringify({ errors: [{ code: 'DENIED', message: said }] });
    response.writeHead(403, { 'content-type': 'application/json' }).end(body);
  });
  const repoURL = `${echo.url.replace('http://', '')}/x`;
  const access = { plainHttp: true, forceBasic: true, credential: { kind: 'basic', username: 'ann', password: CANARY } } as const;
  const error = await thrown(asking({ [repoURL]: access }).resolveRevision({ ...source, repoURL }, 0, 'shop'));
  expect(error.message).toContain('ann:******');
  expect(error.message).not.toContain(CANARY);
  expect(error.message).not.toContain(Buffer.from(`ann:${CANARY}`).toString('base64'));
  await echo.close();
});
