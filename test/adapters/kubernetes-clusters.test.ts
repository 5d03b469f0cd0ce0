// The Clusters port: destinations are looked up by the letter, and a sync acts with a service account's token and with nothing else.
import { readFileSync } from 'node:fs';
import { Agent, createServer, request, type Server } from 'node:https';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TLSSocket } from 'node:tls';
import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createClusters, type OpenClusters } from '../../lib/adapters/clusters.ts';
import { type ClusterConnection, createCluster, type OpenCluster } from '../../lib/adapters/kubernetes.ts';
import { InvalidInput, NotPermitted } from '../../lib/model/errors.ts';
import type { LiveObject } from '../../lib/model/manifest.ts';
import type { Cluster, ResolvedDestination } from '../../lib/ports.ts';
import { freshName, type World, world } from '../world/world.ts';

const IN_CLUSTER = 'https://kubernetes.default.svc';
const pair = (file: string) => readFileSync(join(import.meta.dirname, '../cases/adapters/gateway', file), 'utf8');

let here: World;
let namespace: string;
let control: OpenCluster;
let connection: ClusterConnection;
let destination: ResolvedDestination;
const opened: OpenClusters[] = [];

beforeAll(async () => {
  here = world();
  namespace = await here.freshNamespace('clusters');
  connection = { server: here.server, caPem: here.ca, token: async () => here.token };
  control = createCluster(connection);
  destination = { server: IN_CLUSTER, clusterName: 'in-cluster', namespace };
});

afterEach(async () => {
  await Promise.all(opened.splice(0).map((clusters) => clusters.close()));
});

afterAll(() => control.close());

function open(settings: Partial<Parameters<typeof createClusters>[0]> = {}): OpenClusters {
  const clusters = createClusters({ control, connection, namespace, clock: Date.now, ...settings });
  opened.push(clusters);
  return clusters;
}

async function register(into: string, name: string, server: string, config: string): Promise<void> {
  await here.create('v1', 'secrets', into, {
    metadata: { generateName: 'cluster-', labels: { 'argocd.argoproj.io/secret-type': 'cluster' } },
    stringData: { name, server, config },
  });
}

async function account(): Promise<{ readonly namespace: string; readonly name: string }> {
  const name = freshName('deployer');
  await here.create('v1', 'serviceaccounts', namespace, { metadata: { name } });
  return { namespace, name };
}

/** Whom the API server takes the cluster's identity for. */
async function whoIs(cluster: Cluster): Promise<string> {
  const review: LiveObject = await cluster.create({ apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview', metadata: {} });
  return (review as unknown as { status: { userInfo: { username: string } } }).status.userInfo.username;
}

describe('resolve', () => {
  let registered: string;

  beforeAll(async () => {
    registered = await here.freshNamespace('registered');
    await register(registered, 'shop', 'https://shop.example/', '{}');
    await register(registered, 'twin', 'https://a.example', '{}');
    await register(registered, 'twin', 'https://b.example', '');
    await register(registered, 'broken', 'https://broken.example', '{"bearerToken": "canary');
  });

  it.each([
    ['by server', { server: 'https://shop.example' }, { server: 'https://shop.example', clusterName: 'shop' }],
    ['by server with a slash too many', { server: 'https://shop.example/' }, { server: 'https://shop.example', clusterName: 'shop' }],
    ['by name', { name: 'shop', server: '' }, { server: 'https://shop.example', clusterName: 'shop' }],
  ])('finds a registered cluster %s', async (_, asked, found) => {
    expect(await open({ namespace: registered }).resolve({ ...asked, namespace: 'n' })).toEqual({ ...found, namespace: 'n' });
  });

  it('knows the control cluster without a request', async () => {
    const before = control.requestCount();
    const clusters = open({ namespace: registered });
    const found = { server: IN_CLUSTER, clusterName: 'in-cluster', namespace: '' };
    for (const asked of [{ server: IN_CLUSTER }, { server: `${IN_CLUSTER}/` }, { name: 'in-cluster' }])
      expect(await clusters.resolve(asked)).toEqual(found);
    expect(control.requestCount()).toBe(before);
  });

  it.each([
    ['both', { name: 'shop', server: 'https://x' }, "application destination can't have both name and server defined: shop https://x"],
    ['neither', { namespace: 'n' }, 'Destination server missing from app spec'],
    ['an unknown name', { name: 'nonesuch' }, 'there are no clusters with this name: nonesuch'],
    ['a name in another case', { name: 'Shop' }, 'there are no clusters with this name: Shop'],
    ['an unknown server', { server: 'https://x/' }, 'error getting cluster by server "https://x": cluster "https://x" not found'],
  ])('refuses %s in the words that users know', async (_, asked, message) => {
    const resolving = open({ namespace: registered }).resolve(asked);
    await expect(resolving).rejects.toThrow(InvalidInput);
    await expect(resolving).rejects.toThrow(new InvalidInput(message));
  });

  it('refuses a name that two clusters have', async () => {
    await expect(open({ namespace: registered }).resolve({ name: 'twin' })).rejects.toThrow(
      /^there are 2 clusters with the same name: \[https:\/\/[ab]\.example https:\/\/[ab]\.example\]$/,
    );
  });

  it('tells a cluster whose config cannot be read from one that is not there, without quoting it', async () => {
    const resolving = open({ namespace: registered }).resolve({ server: 'https://broken.example' });
    await expect(resolving).rejects.toThrow(/^error getting cluster by server "https:\/\/broken\.example": config of Secret /);
    await expect(resolving).rejects.not.toThrow(/canary/);
  });

  it('reads the Secrets once in ten seconds', async () => {
    let now = 0;
    const clusters = open({ namespace: registered, clock: () => now });
    const before = control.requestCount();
    for (now of [0, 9_999]) await Promise.all([clusters.resolve({ name: 'shop' }), clusters.resolve({ server: 'https://a.example' })]);
    expect(control.requestCount() - before).toBe(1);
    now = 10_000;
    await clusters.resolve({ name: 'shop' });
    expect(control.requestCount() - before).toBe(2);
  });
});

describe('actingFor', () => {
  it('acts as the service account', async () => {
    const deployer = await account();
    const acting = await open().actingFor(destination, deployer);
    expect(await whoIs(acting)).toBe(`system:serviceaccount:${namespace}:${deployer.name}`);
    await expect(acting.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x', namespace } })).rejects.toThrow(NotPermitted);
  });

  it('asks for one token however many ask for the account, and keeps it for two thirds of its life', async () => {
    let now = 0;
    const clusters = open({ clock: () => now });
    const deployer = await account();
    await Promise.all(Array.from({ length: 5 }, () => clusters.actingFor(destination, deployer)));
    expect(clusters.requestCount()).toBe(1);
    now = 399_000;
    await clusters.actingFor(destination, deployer);
    expect(clusters.requestCount()).toBe(1);
    now = 401_000;
    await clusters.actingFor(destination, deployer);
    expect(clusters.requestCount()).toBe(2);
  });

  it('says that a service account does not exist, and what to do', async () => {
    const acting = open().actingFor(destination, { namespace, name: 'nonesuch' });
    await expect(acting).rejects.toThrow(InvalidInput);
    await expect(acting).rejects.toThrow(
      `serviceaccount ${namespace}/nonesuch does not exist in the cluster ${here.server}: create it, or name another`,
    );
  });

  it.each([
    ['an empty name', { namespace: 'n', name: '' }],
    ['an empty namespace', { namespace: '', name: 'n' }],
    ['a name that is a path', { namespace: 'n', name: '../../secrets' }],
    ['a pattern', { namespace: 'n', name: '*' }],
  ])('refuses %s for an account, without a request', async (_, wrong) => {
    const clusters = open();
    await expect(clusters.actingFor(destination, wrong)).rejects.toThrow(InvalidInput);
    expect(clusters.requestCount()).toBe(0);
  });

  it('says which right the worker lacks', async () => {
    const [worker, deployer] = [await account(), await account()];
    const asWorker = { ...connection, token: () => tokenOf(worker.name) };
    const acting = open({ connection: asWorker }).actingFor(destination, deployer);
    await expect(acting).rejects.toThrow(NotPermitted);
    await expect(acting).rejects.toThrow(`give it "create" on "serviceaccounts/token" in namespace ${namespace}`);
  });

  it('never falls back to other rights when the account is gone', async () => {
    const deployer = await account();
    const clusters = open();
    const acting = await clusters.actingFor(destination, deployer);
    const others = await tokensOf(deployer.name);
    await here.api.send(`/api/v1/namespaces/${namespace}/serviceaccounts/${deployer.name}`, { method: 'DELETE' });
    await refusedFrom(others);
    await expect(whoIs(acting)).rejects.toThrow(`serviceaccount ${namespace}/${deployer.name} does not exist`);
  });

  it('takes another token, once, when the API server no longer accepts the one it has', async () => {
    const deployer = await account();
    const clusters = open();
    const acting = await clusters.actingFor(destination, deployer);
    const others = await tokensOf(deployer.name);
    const path = `/api/v1/namespaces/${namespace}/serviceaccounts`;
    await here.api.send(`${path}/${deployer.name}`, { method: 'DELETE' });
    await here.create('v1', 'serviceaccounts', namespace, { metadata: { name: deployer.name } });
    await refusedFrom(others);
    const before = clusters.requestCount();
    expect(await whoIs(acting)).toBe(`system:serviceaccount:${namespace}:${deployer.name}`);
    expect(clusters.requestCount() - before).toBe(3);
  });

  it('holds its token where no print of it shows', async () => {
    const clusters = open();
    const acting = await clusters.actingFor(destination, await account());
    expect(inspect([clusters, acting], { depth: 20 })).not.toMatch(/eyJ/);
  });

  /** The API server hears of the deletion a little later; a token that it has once accepted is not asked about for ten seconds more. */
  async function refusedFrom(tokens: readonly string[]): Promise<void> {
    for (const token of tokens) {
      const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token } };
      const answer = await here.api.send('/apis/authentication.k8s.io/v1/tokenreviews', { method: 'POST', body: review });
      if (!(answer as { status: { authenticated?: boolean } }).status.authenticated) return; // TokenReviewStatus
      await sleep(50);
    }
    throw new Error('the API server still accepts tokens of an account that is gone');
  }

  function tokensOf(name: string): Promise<readonly string[]> {
    return Promise.all(Array.from({ length: 100 }, () => tokenOf(name)));
  }

  async function tokenOf(name: string): Promise<string> {
    const answer = await here.api.send(`/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`, {
      method: 'POST',
      body: { spec: {} },
    });
    return (answer as { status: { token: string } }).status.token;
  }
});

describe('a registered destination', () => {
  it('is reached with its own credential for tokens, and with a token for all else', async () => {
    const registered = await here.freshNamespace('registered');
    const caData = Buffer.from(here.ca).toString('base64');
    await register(registered, 'other', here.server, JSON.stringify({ bearerToken: here.token, tlsClientConfig: { caData } }));
    const clusters = open({ namespace: registered, connection: { server: 'https://control.invalid' } });
    const deployer = await account();
    const acting = await clusters.actingFor(await clusters.resolve({ name: 'other', namespace }), deployer);
    expect(await whoIs(acting)).toBe(`system:serviceaccount:${namespace}:${deployer.name}`);
  });

  it('with a way of authentication that is not supported is refused by its field', async () => {
    const registered = await here.freshNamespace('registered');
    await register(registered, 'exec', 'https://exec.example', '{"execProviderConfig": {"command": "canary"}}');
    const clusters = open({ namespace: registered });
    const acting = clusters.actingFor(await clusters.resolve({ name: 'exec' }), await account());
    await expect(acting).rejects.toThrow('execProviderConfig is not supported');
    await expect(acting).rejects.not.toThrow(/canary/);
  });
});

describe('a worker with a client certificate', () => {
  // Takes whoever shows the certificate for an administrator, as an API server does, and passes everybody else on as they are.
  let gateway: Server;
  let server: string;
  const agent = new Agent({ keepAlive: true });

  beforeAll(async () => {
    gateway = createServer(
      { key: pair('key.pem'), cert: pair('cert.pem'), requestCert: true, rejectUnauthorized: false },
      (incoming, outgoing) => {
        const certified = Object.keys((incoming.socket as TLSSocket).getPeerCertificate()).length > 0;
        const headers = { ...incoming.headers, ...(certified ? { authorization: `Bearer ${here.token}` } : {}) };
        const target = new URL(incoming.url ?? '/', here.server);
        const onward = request(target, { agent, ca: here.ca, method: incoming.method ?? 'GET', headers }, (answer) => {
          outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
          answer.pipe(outgoing);
        });
        incoming.pipe(onward);
      },
    );
    await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve));
    const address = gateway.address();
    server = `https://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  });

  afterAll(() => {
    agent.destroy();
    gateway.closeAllConnections();
    gateway.close();
  });

  it('does not show it when it acts as a service account', async () => {
    const certified: ClusterConnection = { server, caPem: pair('cert.pem'), certPem: pair('cert.pem'), keyPem: pair('key.pem') };
    const worker = createCluster(certified);
    expect(await whoIs(worker)).toBe('evenkeel-admin');
    const deployer = await account();
    const acting = await open({ control: worker, connection: certified }).actingFor(destination, deployer);
    expect(await whoIs(acting)).toBe(`system:serviceaccount:${namespace}:${deployer.name}`);
    await worker.close();
  });
});
