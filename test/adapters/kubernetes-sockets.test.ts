// The REST client's connections: shared where identities may share, repeated where that is safe, bounded in time, never trusting blindly.
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type ClusterConnection, createCluster, type OpenCluster } from '../../lib/adapters/kubernetes.ts';
import { Unavailable } from '../../lib/model/errors.ts';
import type { Manifest } from '../../lib/model/manifest.ts';
import { type World, world } from '../world/world.ts';

const CONFIG_MAP = { group: '', version: 'v1', kind: 'ConfigMap' };

/** A TCP relay in front of the API server that counts connections and can cut or silence them. */
class Relay {
  connections = 0;
  readonly #sockets = new Set<Socket>();
  readonly #silent = new Set<Socket>();
  readonly #server: Server;
  port = 0;

  constructor(target: URL) {
    this.#server = createServer((client) => {
      this.connections += 1;
      const upstream = connect(Number(target.port), target.hostname);
      for (const socket of [client, upstream]) {
        this.#sockets.add(socket);
        socket.on('error', () => {});
        socket.on('close', () => this.#sockets.delete(socket));
      }
      client.on('data', (chunk) => this.#silent.has(client) || upstream.write(chunk));
      upstream.pipe(client);
      client.on('close', () => upstream.destroy());
      upstream.on('close', () => client.destroy());
    });
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    const address = this.#server.address();
    this.port = typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** From now on the connections that there are swallow what they are sent. */
  silence(): void {
    for (const socket of this.#sockets) this.#silent.add(socket);
  }

  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

let here: World;
let namespace: string;
let relay: Relay;
const opened: OpenCluster[] = [];

beforeAll(async () => {
  here = world();
  namespace = await here.freshNamespace('sockets');
  relay = new Relay(new URL(here.server));
  await relay.listen();
});

afterEach(async () => {
  await Promise.all(opened.splice(0).map((cluster) => cluster.close()));
});

afterAll(() => relay.close());

function open(settings: Partial<ClusterConnection> = {}): OpenCluster {
  const cluster = createCluster({ server: `https://127.0.0.1:${relay.port}`, caPem: here.ca, token: async () => here.token, ...settings });
  opened.push(cluster);
  return cluster;
}

function configMap(name: string): Manifest {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace } };
}

describe('connections', () => {
  it('are one for a hundred requests of two identities', async () => {
    const before = relay.connections;
    const [first, second] = [open(), open()];
    await Promise.all(Array.from({ length: 100 }, (_, index) => (index % 2 ? first : second).apply(configMap(`many-${index}`))));
    expect(relay.connections - before).toBe(1);
  });

  it('are never shared with who trusts another CA', async () => {
    const before = relay.connections;
    await open().get({ ...CONFIG_MAP, namespace, name: 'x' });
    await open({ caPem: undefined, insecure: true }).get({ ...CONFIG_MAP, namespace, name: 'x' });
    expect(relay.connections - before).toBe(2);
  });

  it('outlive the time limits of the requests that they served', async () => {
    const cluster = open({ fetchTimeoutMs: 1_500 });
    const before = relay.connections;
    for (const pause of [0, 1_700]) {
      await sleep(pause);
      await cluster.get({ ...CONFIG_MAP, namespace, name: 'x' });
    }
    expect(relay.connections - before).toBe(1);
  });

  it('stay open for who still uses them', async () => {
    const [first, second] = [open(), open()];
    await first.get({ ...CONFIG_MAP, namespace, name: 'x' });
    await first.close();
    const before = relay.connections;
    await second.get({ ...CONFIG_MAP, namespace, name: 'x' });
    expect(relay.connections).toBe(before);
  });
});

describe('a connection that has died', () => {
  it('is replaced, and the request repeated once, when nothing can happen twice', async () => {
    const cluster = open();
    await cluster.apply(configMap('before'));
    relay.cut();
    expect((await cluster.apply(configMap('after'))).metadata.name).toBe('after');
    relay.cut();
    expect(await cluster.get({ ...CONFIG_MAP, namespace, name: 'after' })).toBeDefined();
  });

  it('under a request ends it as unavailable when it cannot be repeated', async () => {
    const cluster = open();
    await cluster.apply(configMap('patched'));
    relay.silence();
    const patching = cluster.patch({ ...CONFIG_MAP, namespace, name: 'patched' }, { data: { a: '1' } });
    setTimeout(() => relay.cut(), 100);
    await expect(patching).rejects.toThrow(Unavailable);
    await expect(patching).rejects.toThrow(`PATCH /api/v1/namespaces/${namespace}/configmaps/patched on https://127.0.0.1`);
  });
});

describe('a server', () => {
  it('that does not answer is given up after the time limit', async () => {
    const cluster = open({ fetchTimeoutMs: 2_000 });
    await cluster.apply(configMap('slow'));
    relay.silence();
    const started = Date.now();
    await expect(cluster.get({ ...CONFIG_MAP, namespace, name: 'slow' })).rejects.toThrow('no answer within the time limit');
    expect(Date.now() - started).toBeLessThan(5_000);
  });

  it('is asked on a new connection after one gave no answer', async () => {
    const cluster = open({ fetchTimeoutMs: 2_000 });
    await cluster.apply(configMap('dead'));
    relay.silence();
    await expect(cluster.apply(configMap('dead'))).rejects.toThrow(Unavailable);
    expect(await cluster.get({ ...CONFIG_MAP, namespace, name: 'dead' })).toBeDefined();
  });

  it('that is not there is unavailable', async () => {
    const cluster = open({ server: 'https://127.0.0.1:1' });
    await expect(cluster.get({ ...CONFIG_MAP, namespace, name: 'x' })).rejects.toThrow('no connection (ECONNREFUSED)');
  });

  it('whose certificate another CA signed is not spoken to', async () => {
    const cluster = open({ caPem: undefined });
    await expect(cluster.get({ ...CONFIG_MAP, namespace, name: 'x' })).rejects.toThrow(/certificate is not trusted/);
  });

  it('that shows its certificate for another name is not spoken to', async () => {
    const cluster = open({ serverName: 'another.example' });
    await expect(cluster.get({ ...CONFIG_MAP, namespace, name: 'x' })).rejects.toThrow(/certificate is not trusted/);
  });
});
