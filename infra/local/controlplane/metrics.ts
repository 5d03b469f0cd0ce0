// Serves metrics.k8s.io/v1beta1 for the autoscaler and `kubectl top`, from the pods that exist and the loads that are set.
import { createServer, type Server } from 'node:https';
import * as z from 'zod';
import { messageOf } from '../../../lib/model/errors.ts';
import type { ApiClient } from './connection.ts';
import { LOAD_CONFIG_MAP, loadKey, parseLoads, podMetrics } from './load.ts';

const GROUP_VERSION = 'metrics.k8s.io/v1beta1';
const BASE = `/apis/${GROUP_VERSION}`;
const SERVICE = { namespace: 'kube-system', name: 'metrics' } as const;
const LOAD_PATH = `/api/v1/namespaces/${LOAD_CONFIG_MAP.namespace}/configmaps`;

const podList = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ namespace: z.string(), name: z.string(), labels: z.record(z.string(), z.string()).default({}) }),
      spec: z.object({ containers: z.array(z.object({ name: z.string() })) }),
    }),
  ),
});
const nodeList = z.object({ items: z.array(z.object({ metadata: z.object({ name: z.string() }) })) });
const configMap = z.object({ data: z.record(z.string(), z.string()).default({}) });

export interface MetricsServer {
  readonly port: number;
  readonly close: () => Promise<void>;
}

/** Starts the server on a free loopback port, with the API server's own certificate, and registers it with the API server. */
export async function startMetrics(api: ApiClient, certificate: { readonly cert: string; readonly key: string }): Promise<MetricsServer> {
  const server = createServer(certificate, (request, response) => {
    void answer(api, new URL(request.url ?? '/', 'https://localhost'))
      .catch((error: unknown) => ({ status: 500, body: { message: messageOf(error) } }))
      .then(({ status, body }) => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body)));
  });
  const port = await listening(server);
  await register(api, port);
  return { port, close: () => closed(server) };
}

/** Says how much CPU the pods of a namespace whose names begin with `prefix` use from now on. */
export async function setLoad(api: ApiClient, namespace: string, prefix: string, millicores: number): Promise<void> {
  const body = { data: { [loadKey(namespace, prefix)]: `${millicores}m` } };
  await api.send(`${LOAD_PATH}/${LOAD_CONFIG_MAP.name}`, { method: 'PATCH', body });
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

interface Measured {
  readonly name: string;
  readonly metrics: unknown;
}

async function answer(api: ApiClient, url: URL): Promise<Answer> {
  if (url.pathname === BASE) return { status: 200, body: RESOURCES };
  const pattern = new RegExp(`^${BASE}(?:/namespaces/([^/]+))?/(pods|nodes)(?:/([^/]+))?$`);
  const [, namespace, plural, name] = pattern.exec(url.pathname) ?? [];
  if (plural === undefined) return notFound(url.pathname);
  const measured = plural === 'pods' ? await measurePods(api, namespace, url.searchParams.get('labelSelector')) : await measureNodes(api);
  if (name === undefined) return { status: 200, body: metricsList(plural, measured) };
  const found = measured.find((candidate) => candidate.name === name);
  return found === undefined ? notFound(url.pathname) : { status: 200, body: found.metrics };
}

function metricsList(plural: string, measured: readonly Measured[]): unknown {
  const kind = plural === 'pods' ? 'PodMetricsList' : 'NodeMetricsList';
  return { kind, apiVersion: GROUP_VERSION, metadata: {}, items: measured.map(({ metrics }) => metrics) };
}

async function measurePods(api: ApiClient, namespace: string | undefined, labelSelector: string | null): Promise<readonly Measured[]> {
  const query = new URLSearchParams({ fieldSelector: 'status.phase=Running', ...(labelSelector === null ? {} : { labelSelector }) });
  const scope = namespace === undefined ? '' : `/namespaces/${namespace}`;
  const [pods, loads] = await Promise.all([
    api.send(`/api/v1${scope}/pods?${query}`).then((list) => podList.parse(list)),
    api.send(`${LOAD_PATH}/${LOAD_CONFIG_MAP.name}`).then((map) => parseLoads(configMap.parse(map).data)),
  ]);
  const now = new Date().toISOString();
  return pods.items.map(({ metadata, spec }) => ({
    name: metadata.name,
    metrics: podMetrics({ ...metadata, containers: spec.containers.map(({ name }) => name) }, loads, now),
  }));
}

async function measureNodes(api: ApiClient): Promise<readonly Measured[]> {
  const nodes = nodeList.parse(await api.send('/api/v1/nodes'));
  const timestamp = new Date().toISOString();
  return nodes.items.map(({ metadata: { name } }) => ({
    name,
    metrics: {
      kind: 'NodeMetrics',
      apiVersion: GROUP_VERSION,
      metadata: { name, creationTimestamp: timestamp },
      timestamp,
      window: '10s',
      usage: { cpu: '1', memory: '1Gi' },
    },
  }));
}

const RESOURCES = {
  kind: 'APIResourceList',
  apiVersion: 'v1',
  groupVersion: GROUP_VERSION,
  resources: [
    { name: 'nodes', singularName: '', namespaced: false, kind: 'NodeMetrics', verbs: ['get', 'list'] },
    { name: 'pods', singularName: '', namespaced: true, kind: 'PodMetrics', verbs: ['get', 'list'] },
  ],
};

function notFound(path: string): Answer {
  return {
    status: 404,
    body: { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'NotFound', code: 404, message: `no ${path} here` },
  };
}

/** A Service of type ExternalName is how an APIService reaches what runs outside of the cluster. */
async function register(api: ApiClient, port: number): Promise<void> {
  const { namespace, name } = SERVICE;
  await api.send(LOAD_PATH, { method: 'POST', body: { metadata: { name: LOAD_CONFIG_MAP.name }, data: {} } });
  const spec = { type: 'ExternalName', externalName: 'localhost', ports: [{ name: 'https', port }] };
  await api.send(`/api/v1/namespaces/${namespace}/services`, { method: 'POST', body: { metadata: { name }, spec } });
  const service = { namespace, name, port };
  const versioned = { group: 'metrics.k8s.io', version: 'v1beta1', groupPriorityMinimum: 100, versionPriority: 100 };
  await api.send('/apis/apiregistration.k8s.io/v1/apiservices', {
    method: 'POST',
    body: { metadata: { name: 'v1beta1.metrics.k8s.io' }, spec: { ...versioned, service, insecureSkipTLSVerify: true } },
  });
}

function listening(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
}

function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => void server.close(() => resolve()));
}
