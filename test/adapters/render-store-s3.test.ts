// The render store on a bucket, by the real SDK against a server that speaks S3: what every store keeps to, what it costs in requests,
// and that a bucket which is slow, down or closed costs time at most.
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FauxqsServer, startFauxqs } from 'fauxqs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { reconcilePorts } from '../../functions/wiring/reconcile.ts';
import { kubeconfigSecret } from '../../lib/adapters/kubeconfig.ts';
import { createRenderStore } from '../../lib/adapters/render-store.ts';
import { createBucketShelf, EXPIRES_AFTER_DAYS } from '../../lib/adapters/s3.ts';
import type { RenderStore } from '../../lib/ports.ts';
import { type GitRemote, startGitRemote } from '../support/git-remote.ts';
import { type Logged, type Place, recordedLog, renderStoreContract } from '../support/render-store.ts';
import { render, renderPorts } from '../support/rendering.ts';
import { world } from '../world/world.ts';

const BUCKET = 'renders-of-tests';
const DAY = 86_400_000;
const LONG = 'long '.repeat(1000);
let server: FauxqsServer;
let requests: string[] = [];

const note = (message: unknown) => {
  const { request } = message as { readonly request: { readonly method: string; readonly path: string } }; // node:http's channel
  if (request.path.startsWith(`/${BUCKET}/`)) requests.push(`${request.method} ${request.path.split('/')[3]?.split('-')[0]}`);
};

beforeAll(async () => {
  Object.assign(process.env, { AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' });
  server = await startFauxqs({ port: 0, logger: false });
  server.createBucket(BUCKET);
  subscribe('http.client.request.start', note);
});
afterAll(async () => {
  unsubscribe('http.client.request.start', note);
  await server.stop();
});
beforeEach(() => {
  server.emptyBucket(BUCKET);
  requests = [];
});

const objectUrl = (name: string) => `${server.address}/${BUCKET}/renders/${name}`;

async function place(): Promise<Place> {
  return {
    shelf: () => createBucketShelf({ bucket: BUCKET, endpoint: server.address }),
    names: async () => {
      const listed = await (await fetch(`${server.address}/${BUCKET}?list-type=2`)).text();
      return [...listed.matchAll(/<Key>renders\/([^<]+)<\/Key>/g)].map(([, name = '']) => name);
    },
    read: async (name) => Buffer.from(await (await fetch(objectUrl(name))).arrayBuffer()),
    replace: async (name, bytes) => {
      const put = { method: 'PUT', headers: { 'content-type': 'application/octet-stream' }, body: new Uint8Array(bytes) };
      expect((await fetch(objectUrl(name), put)).status).toBe(200);
    },
    remove: async (name) => void (await fetch(objectUrl(name), { method: 'DELETE' })),
    close: async () => undefined,
  };
}

renderStoreContract('a bucket', place);

interface Opened extends Logged {
  readonly store: RenderStore;
}

function open(clock = Date.now, endpoint = server.address, bucket = BUCKET): Opened {
  const logged = recordedLog();
  return {
    ...logged,
    store: createRenderStore({ shelf: createBucketShelf({ bucket, endpoint }), secret: 'secret', clock, log: logged.log }),
  };
}

/** The requests that `work` makes, sorted: those that go together arrive in any order. */
async function requestsOf(work: () => Promise<unknown>): Promise<readonly string[]> {
  requests = [];
  await work();
  return [...requests].sort();
}

describe('the requests of a store on a bucket', () => {
  it('are one for what is not there, one for each new object, and none for what is in memory', async () => {
    const { store } = open();
    expect(await requestsOf(() => store.read('key'))).toEqual(['GET entry']);
    expect(await requestsOf(() => store.write('key', LONG))).toEqual(['PUT body', 'PUT entry']);
    expect(await requestsOf(() => store.write('key', LONG))).toEqual([]);
    expect(await requestsOf(() => store.write('same output', LONG))).toEqual(['PUT entry']);
    expect(await requestsOf(() => store.write('short', 'short'))).toEqual(['PUT entry']);
    expect(await requestsOf(() => Promise.all(['key', 'same output', 'short'].map((key) => store.read(key))))).toEqual([]);
  });

  it('are one for each object that another container wrote, however many ask at once', async () => {
    await open().store.write('key', LONG);
    const { store } = open();
    const reads = () => Promise.all(Array.from({ length: 10 }, () => store.read('key')));
    expect(await requestsOf(reads)).toEqual(['GET body', 'GET entry']);
    expect(await reads()).toEqual(Array.from({ length: 10 }, () => LONG));
  });

  it('write what is in use again when it is half as old as the bucket lets it be, once', async () => {
    let now = Date.now();
    const clock = () => now;
    const { store } = open(clock);
    await store.write('key', LONG);
    now += (EXPIRES_AFTER_DAYS / 2 - 0.1) * DAY;
    expect(await requestsOf(() => store.read('key'))).toEqual([]);
    expect(await requestsOf(() => open(clock).store.read('key'))).toEqual(['GET body', 'GET entry']);
    now += 0.2 * DAY;
    expect(await requestsOf(() => store.read('key'))).toEqual(['PUT body', 'PUT entry']);
    expect(await requestsOf(() => store.read('key'))).toEqual([]);
    const { store: later } = open(clock);
    expect(await requestsOf(() => later.read('key'))).toEqual(['GET body', 'GET entry', 'PUT body', 'PUT entry']);
    expect(await requestsOf(() => later.read('key'))).toEqual([]);
  });
});

describe('an Application rendered with a store on a bucket', () => {
  const { kubectl, helm, kustomize } = inject('world');
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-bucket-'));
  let remote: GitRemote;
  const ports = (name: string, store: RenderStore) => renderPorts({ kubectl, helm, kustomize }, join(folder, name), store);
  const look = (with_: ReturnType<typeof ports>) => render('shop', { source: { repoURL: remote.url, path: 'app' } }, with_);

  beforeAll(async () => {
    remote = await startGitRemote();
    const cm = `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  value: ${'long '.repeat(400)}\n`;
    await remote.commit({ 'app/kustomization.yaml': 'resources: [cm.yaml]\n', 'app/cm.yaml': cm });
  });
  afterAll(async () => {
    await remote.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('asks once for each key and writes each object once; unchanged it asks for nothing; another container only reads', async () => {
    const first = ports('first', open().store);
    expect(await requestsOf(() => look(first))).toEqual(['GET entry', 'GET entry', 'PUT body', 'PUT entry', 'PUT entry', 'PUT entry']);
    expect(await requestsOf(() => look(first))).toEqual([]);
    const second = ports('second', open().store);
    expect(await requestsOf(() => look(second))).toEqual(['GET body', 'GET entry', 'GET entry']);
    expect(second.counts).toEqual({ checkouts: 0, renders: 0 });
    await remote.commit({ README: 'unrelated' });
    expect(await requestsOf(() => look(second))).toEqual(['GET entry', 'GET entry', 'PUT entry']);
    expect(second.counts.renders).toBe(0);
  });

  it('is rendered as ever when the bucket is down', async () => {
    const { store, lines } = open(Date.now, 'http://127.0.0.1:9');
    const without = ports('without', store);
    expect((await look(without)).manifests[0]?.metadata.name).toBe('a');
    expect(without.counts.renders).toBe(1);
    expect(lines).toHaveLength(1);
    expect((await look(without)).manifests).toHaveLength(1);
    expect(without.counts.renders).toBe(1);
  });
});

it('is where the worker keeps renders once it is told of a bucket, sealed with its kubeconfig', async () => {
  const { kubeconfigPath } = world();
  Object.assign(process.env, {
    EVENKEEL_KUBECONFIG: kubeconfigPath,
    EVENKEEL_RECONCILE_QUEUE_URL: `${server.address}/000000000000/reconcile.fifo`,
    EVENKEEL_LATER_QUEUE_URL: `${server.address}/000000000000/later`,
    EVENKEEL_RENDER_BUCKET: BUCKET,
    EVENKEEL_S3_ENDPOINT: server.address,
    EVENKEEL_LOG_LEVEL: 'error',
  });
  const { store } = await reconcilePorts();
  expect(await requestsOf(() => store.write('key', LONG))).toEqual(['PUT body', 'PUT entry']);
  const shelf = createBucketShelf({ bucket: BUCKET, endpoint: server.address });
  const secret = await kubeconfigSecret({ path: kubeconfigPath });
  expect(secret).toBe(readFileSync(kubeconfigPath, 'utf8'));
  expect(await createRenderStore({ shelf, secret, clock: Date.now, log: recordedLog().log }).read('key')).toBe(LONG);
});

describe('a bucket that', () => {
  let broken: Server | undefined;
  let asked = 0;

  async function answering(listener: RequestListener): Promise<string> {
    asked = 0;
    broken = createServer((request, response) => {
      asked += 1;
      request.resume();
      listener(request, response);
    });
    const { promise, resolve } = Promise.withResolvers<void>();
    broken.listen(0, '127.0.0.1', resolve);
    await promise;
    const address = broken.address();
    return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  }
  const status =
    (code: number, name: string): RequestListener =>
    (_, response) => {
      response.writeHead(code, { 'content-type': 'application/xml' });
      response.end(`<Error><Code>${name}</Code><Message>${name}, says S3</Message></Error>`);
    };

  afterEach(() => {
    broken?.closeAllConnections();
    broken?.close();
  });

  it.each([
    ['never answers', () => undefined, /does not answer within \d+ ms/],
    [
      'never ends an answer',
      (_, response) => {
        response.writeHead(200, { 'content-length': '1000' });
        response.write('half');
      },
      /does not answer within \d+ ms/,
    ],
    ['breaks off', (request) => request.socket.destroy(), /does not answer: /],
    ['fails', status(500, 'InternalError'), /does not answer: InternalError, says S3/],
    ['throttles', status(503, 'SlowDown'), /does not answer: SlowDown, says S3/],
  ] satisfies [string, RequestListener, RegExp][])(
    '%s is waited for once, told of once, and left alone for a while',
    async (_, listener, reason) => {
      let now = Date.now();
      const endpoint = await answering(listener);
      const { store, lines } = open(() => now, endpoint);
      const started = performance.now();
      expect(await store.read('key')).toBeUndefined();
      expect(performance.now() - started).toBeLessThan(8000);
      const once = asked;
      await store.write('key', LONG);
      expect([await store.read('key'), await store.read('other')]).toEqual([LONG, undefined]);
      expect([asked, once > 0]).toEqual([once, true]);
      expect(lines).toHaveLength(1);
      expect(lines[0]).toMatch(reason);
      now += 31_000;
      await store.read('other');
      expect(asked).toBeGreaterThan(once);
      expect(lines).toHaveLength(1);
    },
  );

  it.each([
    ['is not for this role', status(403, 'AccessDenied'), /refuses the function's role: AccessDenied, says S3/],
    ['is not there', status(404, 'NoSuchBucket'), /cannot be used: NoSuchBucket, says S3/],
    [
      'holds something huge',
      (_, response) => void response.writeHead(200, { 'content-length': '99999999999' }).write('x'),
      /none of ours: remove what is below renders\//,
    ],
  ] satisfies [string, RequestListener, RegExp][])('%s is told of once, and stops nobody', async (_, listener, reason) => {
    const { store, lines } = open(Date.now, await answering(listener));
    for (const key of ['a', 'b', 'c']) expect(await store.read(key)).toBeUndefined();
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(reason);
  });

  it('takes no object is told of once for reading and once for writing', async () => {
    const { store, lines } = open(Date.now, await answering(status(403, 'AccessDenied')));
    for (const key of ['a', 'b']) {
      await store.read(key);
      await store.write(key, `${LONG}${key}`);
      expect(await store.read(key)).toBe(`${LONG}${key}`);
    }
    expect(lines.map((line) => /cannot (\w+)/.exec(line)?.[1])).toEqual(['read', 'write']);
  });

  it('is back is written to again, with what was made meanwhile', async () => {
    let now = Date.now();
    let up = false;
    const { store } = open(
      () => now,
      await answering((request, response) => {
        if (!up) status(500, 'InternalError')(request, response);
        else response.writeHead(request.method === 'PUT' ? 200 : 404).end();
      }),
    );
    await store.write('key', LONG);
    up = true;
    now += 31_000;
    const before = asked;
    await store.write('key', LONG);
    expect(asked - before).toBe(2);
  });
});
