// The Control and Checkpoints ports against a real API server with our resource definitions.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCheckpoints } from '../../lib/adapters/checkpoints.ts';
import { createControl } from '../../lib/adapters/control.ts';
import { createCluster, type OpenCluster } from '../../lib/adapters/kubernetes.ts';
import { Conflict, InvalidInput } from '../../lib/model/errors.ts';
import { parseManifests } from '../../lib/model/yaml.ts';
import type { Checkpoints, Control } from '../../lib/ports.ts';
import { eventually, type World, world } from '../world/world.ts';

const CRDS = join(import.meta.dirname, '../../infra/kubernetes/crds');
const APPLICATION = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Application' };
const spec = { project: 'default', source: { repoURL: 'https://git.example/shop.git', path: '.' }, destination: { name: 'in-cluster' } };

let here: World;
let cluster: OpenCluster;
let namespace: string;
let control: Control;
let checkpoints: Checkpoints;

beforeAll(async () => {
  here = world();
  namespace = await here.freshNamespace('control');
  cluster = createCluster({ server: here.server, caPem: here.ca, token: async () => here.token });
  for (const file of ['application.yaml', 'appproject.yaml']) {
    for (const definition of parseManifests(await readFile(join(CRDS, file), 'utf8'), file)) await cluster.apply(definition);
  }
  control = createControl(cluster, namespace);
  checkpoints = createCheckpoints(cluster, namespace);
  await eventually(() => cluster.apply({ ...APPLICATION, metadata: { name: 'first', namespace }, spec }));
});

afterAll(() => cluster.close());

describe('Control', () => {
  it('reads argocd-cm, and keeps it for a while; without one nothing is set', async () => {
    let now = 0;
    const timed = createControl(cluster, namespace, () => now);
    expect(await timed.settings()).toEqual({});
    const settings = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'argocd-cm', namespace }, data: { 'helm.enable': 'false' } };
    await cluster.apply(settings);
    now = 29_999;
    expect(await timed.settings()).toEqual({});
    now = 30_000;
    expect(await timed.settings()).toEqual({ 'helm.enable': 'false' });
  });

  it('gives projects what global ones add, and none where one of those is not there', async () => {
    let now = 0;
    const timed = createControl(cluster, namespace, () => now);
    const project = (name: string, of: object, labels: Readonly<Record<string, string>> = {}) =>
      cluster.apply({ apiVersion: 'argoproj.io/v1alpha1', kind: 'AppProject', metadata: { name, namespace, labels }, spec: of });
    await project('plain', { sourceRepos: ['*'] });
    await project('watched', { sourceRepos: ['*'] }, { watched: 'yes' });
    await project('guard', { namespaceResourceBlacklist: [{ group: '', kind: 'Secret' }] });
    const set = async (globalProjects: string) => {
      await cluster.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'argocd-cm', namespace }, data: { globalProjects } });
      now += 30_000;
    };
    await set('[{projectName: guard, labelSelector: {matchLabels: {watched: "yes"}}}]');
    expect((await timed.project('plain'))?.spec.namespaceResourceBlacklist).toBeUndefined();
    expect((await timed.project('watched'))?.spec.namespaceResourceBlacklist).toEqual([{ group: '', kind: 'Secret' }]);
    expect(await timed.project('nonesuch')).toBeUndefined();
    await set('[{projectName: gone}]');
    await expect(timed.project('plain')).rejects.toThrow(
      new InvalidInput("argocd-cm: globalProjects names project 'gone', which does not exist"),
    );
    await set('[]');
  });

  it('reads one Application, all of them, and nothing of one that is not there', async () => {
    expect(await control.application({ namespace, name: 'first' })).toMatchObject({ ...APPLICATION, spec });
    expect((await control.applications()).map(({ metadata }) => metadata.name)).toEqual(['first']);
    expect(await control.application({ namespace, name: 'nonesuch' })).toBeUndefined();
  });

  it('asks nobody where Applications are served', async () => {
    const other = createCluster({ server: here.server, insecure: true, token: async () => here.token });
    await createControl(other, namespace).applications();
    expect(other.requestCount()).toBe(1);
    await other.close();
  });

  it('writes spec, status and annotations in one request, and only if nobody wrote since', async () => {
    const ref = { namespace, name: 'patched' };
    const { metadata } = await cluster.apply({ ...APPLICATION, metadata: ref, spec });
    const resourceVersion = metadata.resourceVersion ?? '';
    const patch = { metadata: { annotations: { a: 'b' } }, status: { sync: { status: 'Synced' } } };
    const written = await control.patchApplication(ref, patch, { resourceVersion });
    expect(written).toMatchObject({ metadata: { annotations: { a: 'b' } }, status: { sync: { status: 'Synced' } }, spec });
    await expect(control.patchApplication(ref, patch, { resourceVersion })).rejects.toThrow(Conflict);
    await expect(control.patchApplication(ref, { metadata: { annotations: { a: null } } })).resolves.not.toHaveProperty(
      'metadata.annotations',
    );
  });

  it('calls an Application that has gone since a conflict', async () => {
    await expect(control.patchApplication({ namespace, name: 'nonesuch' }, { status: {} }, { resourceVersion: '1' })).rejects.toThrow(
      Conflict,
    );
  });

  it('reads a project, parsed', async () => {
    const project = {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'AppProject',
      metadata: { name: 'shop', namespace },
      spec: { sourceRepos: ['*'] },
    };
    await eventually(() => cluster.apply(project));
    expect((await control.project('shop'))?.spec.sourceRepos).toEqual(['*']);
    expect(await control.project('nonesuch')).toBeUndefined();
  });
});

describe('Checkpoints', () => {
  it('keep a text, and let one of two writers win', async () => {
    expect(await checkpoints.read('small')).toBeUndefined();
    await checkpoints.write('small', 'one', undefined);
    await expect(checkpoints.write('small', 'other', undefined)).rejects.toThrow(Conflict);
    const first = await checkpoints.read('small');
    expect(first?.text).toBe('one');
    await checkpoints.write('small', 'two', first?.resourceVersion);
    await expect(checkpoints.write('small', 'three', first?.resourceVersion)).rejects.toThrow(Conflict);
    expect((await checkpoints.read('small'))?.text).toBe('two');
  });

  it('keep a text of megabytes, and a short one after it', async () => {
    const long = JSON.stringify(Array.from({ length: 60_000 }, (_, index) => `ü shop/application-${index}`));
    await checkpoints.write('large', long, undefined);
    const stored = await checkpoints.read('large');
    expect(stored?.text).toBe(long);
    await checkpoints.write('large', 'short', stored?.resourceVersion);
    expect((await checkpoints.read('large'))?.text).toBe('short');
    const live = await cluster.get({ group: '', version: 'v1', kind: 'ConfigMap', namespace, name: 'large' });
    expect(live).not.toHaveProperty('binaryData');
  });

  it('refuse what does not fit', async () => {
    const noise = Array.from({ length: 1_200_000 }, () => String.fromCharCode(32 + Math.floor(Math.random() * 90))).join('');
    await expect(checkpoints.write('noise', noise, undefined)).rejects.toThrow(InvalidInput);
  });

  it('take what cannot be unpacked for an empty text', async () => {
    await here.create('v1', 'configmaps', namespace, { metadata: { name: 'torn' }, binaryData: { 'checkpoint.gz': 'AAAA' } });
    expect((await checkpoints.read('torn'))?.text).toBe('');
  });
});
