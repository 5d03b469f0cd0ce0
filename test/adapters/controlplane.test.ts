// The control plane of the test run behaves as a real cluster does, though no container ever runs.
import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import { collectionPath, eventually, type World, world } from '../world/world.ts';

const run = promisify(execFile);
const APPS = 'apps/v1';
const BATCH = 'batch/v1';
const AUTOSCALING = 'autoscaling/v2';
const NETWORKING = 'networking.k8s.io/v1';

let cluster: World;
beforeAll(() => {
  cluster = world();
});

function podTemplate(image: string, more: { readonly restartPolicy?: string; readonly takes?: string } = {}) {
  const annotations = more.takes === undefined ? {} : { 'local.evenkeel.dev/takes': more.takes };
  const containers = [{ name: 'main', image, resources: { requests: { cpu: '100m' } } }];
  return { metadata: { labels: { app: 'shop' }, annotations }, spec: { restartPolicy: more.restartPolicy ?? 'Always', containers } };
}

function deployment(name: string, image: string, replicas: number, takes?: string) {
  const template = podTemplate(image, takes === undefined ? {} : { takes });
  return { metadata: { name }, spec: { replicas, progressDeadlineSeconds: 1, selector: { matchLabels: { app: 'shop' } }, template } };
}

function job(name: string, image: string, restartPolicy = 'Never', takes?: string) {
  const template = podTemplate(image, takes === undefined ? { restartPolicy } : { restartPolicy, takes });
  return { metadata: { name }, spec: { backoffLimit: 0, template } };
}

async function read(groupVersion: string, plural: string, namespace: string, name: string) {
  return cluster.api.send(`${collectionPath(groupVersion, plural, namespace)}/${name}`);
}

/** Waits until an object holds what is expected of it. */
async function becomes(groupVersion: string, plural: string, namespace: string, name: string, expected: object, withinMs?: number) {
  await eventually(async () => expect(await read(groupVersion, plural, namespace, name)).toMatchObject(expected), withinMs);
}

describe('the API server', () => {
  test('reports the version that go.mod requires, so that Helm knows its capabilities', async () => {
    expect(await cluster.api.send('/version')).toMatchObject({ major: '1', minor: '36', gitVersion: 'v1.36.3', gitTreeState: 'clean' });
  });

  test('is reached by the kubeconfig of the layer’s kubectl, which only its owner reads', async () => {
    const { stdout } = await run(cluster.kubectl, ['auth', 'whoami', '-o', 'jsonpath={.status.userInfo.groups[0]}'], {
      // kubectl keeps what it discovers at home, or here where it has none.
      env: { KUBECONFIG: cluster.kubeconfigPath, HOME: dirname(cluster.kubeconfigPath) },
    });
    expect(stdout).toBe('system:masters');
    expect((await stat(cluster.kubeconfigPath)).mode & 0o777).toBe(0o600);
  });

  test('refuses what RBAC does not grant', async () => {
    const namespace = await cluster.freshNamespace('rbac');
    const refused = cluster.api.send('/apis/authorization.k8s.io/v1/subjectaccessreviews', {
      method: 'POST',
      body: {
        spec: {
          user: `system:serviceaccount:${namespace}:default`,
          resourceAttributes: { verb: 'create', resource: 'configmaps', namespace },
        },
      },
    });
    expect(await refused).toMatchObject({ status: { allowed: false } });
  });

  test('gives short-lived tokens to service accounts', async () => {
    const namespace = await cluster.freshNamespace('token');
    const path = collectionPath('v1', 'serviceaccounts', namespace);
    await eventually(() => cluster.api.send(`${path}/default`));
    const answer = await cluster.api.send(`${path}/default/token`, { method: 'POST', body: { spec: { expirationSeconds: 600 } } });
    expect(answer).toMatchObject({ status: { token: expect.stringMatching(/^eyJ/) } });
  });
});

describe('workloads', () => {
  test('a Deployment rolls out', async () => {
    const namespace = await cluster.freshNamespace('deployment');
    await cluster.create(APPS, 'deployments', namespace, deployment('shop', 'shop:v1', 3));
    await becomes(APPS, 'deployments', namespace, 'shop', { status: { availableReplicas: 3, updatedReplicas: 3 } });
  });

  test('a Deployment whose image is never pulled stops progressing', async () => {
    const namespace = await cluster.freshNamespace('never-ready');
    await cluster.create(APPS, 'deployments', namespace, deployment('shop', 'registry:5000/shop:v2-never-ready', 1));
    const condition = { type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded' };
    await becomes(APPS, 'deployments', namespace, 'shop', {
      status: { conditions: expect.arrayContaining([expect.objectContaining(condition)]) },
    });
    const waiting = { containerStatuses: [{ ready: false, state: { waiting: { reason: 'ImagePullBackOff' } } }] };
    expect(await cluster.api.send(collectionPath('v1', 'pods', namespace))).toMatchObject({ items: [{ status: waiting }] });
  });

  test.each(['shop-fail', 'registry:5000/shop-crash:v1', 'shop:failover'])(
    'a pod of %s runs: only the end of a tag tells behaviour',
    async (image) => {
      const namespace = await cluster.freshNamespace('ordinary');
      await cluster.create('v1', 'pods', namespace, { ...podTemplate(image), metadata: { name: 'shop' } });
      await becomes('v1', 'pods', namespace, 'shop', { status: { phase: 'Running', containerStatuses: [{ ready: true }] } });
    },
  );

  test.each(['shop:crash', 'shop:v2-fail'])('a long-running pod of %s keeps crashing', async (image) => {
    const namespace = await cluster.freshNamespace('crash');
    await cluster.create('v1', 'pods', namespace, { ...podTemplate(image), metadata: { name: 'shop' } });
    await becomes('v1', 'pods', namespace, 'shop', {
      status: { containerStatuses: [{ state: { waiting: { reason: 'CrashLoopBackOff' } } }] },
    });
  });

  test('a Job completes', async () => {
    const namespace = await cluster.freshNamespace('job');
    await cluster.create(BATCH, 'jobs', namespace, job('migrate', 'shop:v1', 'OnFailure'));
    await becomes(BATCH, 'jobs', namespace, 'migrate', { status: { succeeded: 1, completionTime: expect.any(String) } });
  });

  test.each([
    ['shop:v1-fail', 'OnFailure'],
    ['shop:crash', 'Never'],
  ])('a Job of %s with restartPolicy %s fails', async (image, restartPolicy) => {
    const namespace = await cluster.freshNamespace('job-fails');
    await cluster.create(BATCH, 'jobs', namespace, job('migrate', image, restartPolicy));
    const condition = expect.objectContaining({ type: 'Failed', status: 'True', reason: 'BackoffLimitExceeded' });
    await becomes(BATCH, 'jobs', namespace, 'migrate', { status: { failed: 1, conditions: expect.arrayContaining([condition]) } });
  });

  test('a Job takes the time that its annotation says', async () => {
    const namespace = await cluster.freshNamespace('takes');
    await cluster.create(BATCH, 'jobs', namespace, job('migrate', 'shop:v1', 'Never', '3s'));
    await becomes(BATCH, 'jobs', namespace, 'migrate', { status: { active: 1, ready: 1 } });
    await becomes(BATCH, 'jobs', namespace, 'migrate', { status: { succeeded: 1 } });
    const { status } = JSON.parse(JSON.stringify(await read(BATCH, 'jobs', namespace, 'migrate')));
    expect(Date.parse(status.completionTime) - Date.parse(status.startTime)).toBeGreaterThanOrEqual(3000);
  });

  test('an HPA on CPU follows the load that is set', async () => {
    const namespace = await cluster.freshNamespace('hpa');
    await cluster.create(APPS, 'deployments', namespace, deployment('shop', 'shop:v1', 1));
    const target = { type: 'Utilization', averageUtilization: 50 };
    const spec = {
      scaleTargetRef: { apiVersion: APPS, kind: 'Deployment', name: 'shop' },
      minReplicas: 1,
      maxReplicas: 3,
      metrics: [{ type: 'Resource', resource: { name: 'cpu', target } }],
    };
    await cluster.create(AUTOSCALING, 'horizontalpodautoscalers', namespace, { metadata: { name: 'shop' }, spec });
    const active = expect.objectContaining({ type: 'ScalingActive', status: 'True', reason: 'ValidMetricFound' });
    await becomes(AUTOSCALING, 'horizontalpodautoscalers', namespace, 'shop', { status: { conditions: expect.arrayContaining([active]) } });
    await cluster.setCpu(namespace, 'shop', 200);
    await becomes(APPS, 'deployments', namespace, 'shop', { status: { readyReplicas: 3 } });
  });
});

describe('what a cloud and its storage would do', () => {
  test('a StatefulSet gets its volumes bound, and they go with their claims', async () => {
    const namespace = await cluster.freshNamespace('volumes');
    const claim = { metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } };
    const spec = {
      replicas: 1,
      serviceName: 'db',
      selector: { matchLabels: { app: 'shop' } },
      template: podTemplate('db:v1'),
      volumeClaimTemplates: [claim],
    };
    await cluster.create(APPS, 'statefulsets', namespace, { metadata: { name: 'db' }, spec });
    await becomes(APPS, 'statefulsets', namespace, 'db', { status: { readyReplicas: 1 } });
    await becomes('v1', 'persistentvolumeclaims', namespace, 'data-db-0', { status: { phase: 'Bound' } });
    await cluster.api.send(`${collectionPath(APPS, 'statefulsets', namespace)}/db`, { method: 'DELETE' });
    await cluster.api.send(`${collectionPath('v1', 'persistentvolumeclaims', namespace)}/data-db-0`, { method: 'DELETE' });
    await eventually(async () =>
      expect(JSON.stringify(await cluster.api.send('/api/v1/persistentvolumes'))).not.toContain(`"${namespace}"`),
    );
  });

  test('a LoadBalancer Service and an Ingress get an address', async () => {
    const namespace = await cluster.freshNamespace('address');
    await cluster.create('v1', 'services', namespace, {
      metadata: { name: 'shop' },
      spec: { type: 'LoadBalancer', ports: [{ port: 80 }] },
    });
    const backend = { service: { name: 'shop', port: { number: 80 } } };
    await cluster.create(NETWORKING, 'ingresses', namespace, { metadata: { name: 'shop' }, spec: { defaultBackend: backend } });
    const addressed = { status: { loadBalancer: { ingress: [{ ip: expect.any(String) }] } } };
    await becomes('v1', 'services', namespace, 'shop', addressed);
    await becomes(NETWORKING, 'ingresses', namespace, 'shop', addressed);
  });

  test('a namespace terminates with all that is in it', async () => {
    const namespace = await cluster.freshNamespace('terminates');
    await cluster.create(APPS, 'deployments', namespace, deployment('shop', 'shop:v1', 1));
    await becomes(APPS, 'deployments', namespace, 'shop', { status: { readyReplicas: 1 } });
    await cluster.api.send(`/api/v1/namespaces/${namespace}`, { method: 'DELETE' });
    await eventually(async () => {
      const { items } = JSON.parse(JSON.stringify(await cluster.api.send('/api/v1/namespaces')));
      expect(items.map((item: { metadata: { name: string } }) => item.metadata.name)).not.toContain(namespace);
    }, 30_000);
  });

  test('what an owner leaves behind is collected', async () => {
    const namespace = await cluster.freshNamespace('owner');
    await cluster.create(APPS, 'deployments', namespace, deployment('shop', 'shop:v1', 1));
    await becomes(APPS, 'deployments', namespace, 'shop', { status: { readyReplicas: 1 } });
    await cluster.api.send(`${collectionPath(APPS, 'deployments', namespace)}/shop`, { method: 'DELETE' });
    await eventually(async () => {
      expect(await cluster.api.send(collectionPath(APPS, 'replicasets', namespace))).toMatchObject({ items: [] });
      expect(await cluster.api.send(collectionPath('v1', 'pods', namespace))).toMatchObject({ items: [] });
    });
  });
});
