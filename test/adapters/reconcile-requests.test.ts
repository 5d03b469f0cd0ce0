// What an operation asks for beyond its Application's spec, and what it says of hooks and health, on the real control plane.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { REFRESH } from '../../lib/model/annotations.ts';
import { resourceSettings } from '../../lib/model/resource-settings.ts';
import { configMap } from '../support/journey.ts';
import { type Deployment, endsIn, hookJob, requestsOf, type Stories, startStories } from '../support/stories.ts';
import { eventually } from '../world/world.ts';

let stories: Stories;

beforeAll(async () => {
  stories = await startStories();
});

afterAll(() => stories.close());

async function operationOf(shop: Deployment) {
  const { phase, message, syncResult, startedAt = '' } = (await shop.read()).status?.operationState ?? {};
  const rows = (syncResult?.resources ?? []).map(({ kind, name, hookPhase, message: said }) => [kind, name, hookPhase, said]);
  return { phase, message, rows, seconds: Date.parse(startedAt) / 1000 };
}

it('leaves the Namespace alone that is there, where the operation alone asks to create it', async () => {
  const shop = await stories.deployment({ 'a.json': configMap('x', {}) });
  await shop.sync({ syncOptions: ['CreateNamespace=true'] });
  expect(await operationOf(shop)).toMatchObject({ phase: 'Succeeded', rows: [['ConfigMap', 'x', 'Running', expect.anything()]] });
});

it('says that it asks for nothing', async () => {
  const shop = await stories.deployment({ 'a.json': configMap('x', {}) });
  await shop.change({ operation: { sync: null, info: [{ name: 'reason', value: 'none' }] } });
  await shop.look('operation');
  expect(await operationOf(shop)).toMatchObject({ phase: 'Error', message: 'Invalid operation request: no operation specified' });
  expect((await shop.read()).operation).toBeUndefined();
});

it('calls a nameless hook after its start alone where there are several sources', async () => {
  const shop = await stories.deployment({ 'a.json': configMap('x', {}) });
  const { metadata, ...job } = hookJob('x', 'PreSync', '0s') as { readonly metadata: { readonly annotations: object } }; // a Job as that makes it
  await shop.commit({ 'hook.json': { ...job, metadata: { annotations: metadata.annotations, generateName: 'migrate-' } } });
  const source = { repoURL: stories.remote.url, path: shop.folder, targetRevision: 'main' };
  await shop.change({ spec: { source: null, sources: [source] } });
  await shop.sync();
  const { rows, seconds } = await operationOf(shop);
  expect(rows.map(([, name]) => name)).toEqual([`migrate--presync-${seconds}`]);
});

it('applies what its commit has, although HEAD has it no more and somebody deletes it first', async () => {
  const shop = await stories.deployment({ 'a.json': configMap('x', {}), 'b.json': configMap('y', {}) });
  await shop.sync();
  await shop.commit({ 'hook.json': hookJob('before', 'PreSync', '0s') });
  const revision = await stories.remote.git('rev-parse', 'HEAD');
  await shop.commit({ 'a.json': undefined });
  await shop.sync({ revision, prune: true });
  expect((await operationOf(shop)).phase).toBe('Running');
  expect((await shop.read()).status?.resources).toContainEqual(expect.objectContaining({ name: 'x', requiresPruning: true }));
  await stories.cluster.delete({ group: '', version: 'v1', kind: 'ConfigMap', namespace: shop.namespace, name: 'x' });
  await endsIn(shop, 'Succeeded');
  expect(await shop.live('configmaps', 'x')).toBeDefined();
});

it('is not approved by a number that somebody wrote where the time of the approval belongs', async () => {
  const kept = configMap('x', {}, { annotations: { 'argocd.argoproj.io/sync-options': 'Prune=confirm' } });
  const shop = await stories.deployment({ 'a.json': kept, 'b.json': configMap('y', {}) });
  await shop.sync();
  await shop.commit({ 'a.json': undefined });
  await shop.change({ metadata: { annotations: { 'argocd.argoproj.io/deletion-approved': 'OPS-5123' } } });
  await shop.sync({ prune: true });
  expect(await operationOf(shop)).toMatchObject({ phase: 'Running', message: 'waiting for pruning confirmation of /ConfigMap/x' });
  expect(await shop.live('configmaps', 'x')).toBeDefined();
});

it('answers a refresh while it waits', async () => {
  const shop = await stories.deployment({ 'a.json': configMap('x', {}), 'hook.json': hookJob('slow', 'PreSync', '600s') });
  await shop.sync();
  await shop.change({ metadata: { annotations: { [REFRESH]: 'normal' } } });
  await shop.look();
  expect((await operationOf(shop)).message).toBe('waiting for completion of hook batch/Job/slow');
  expect((await shop.read()).metadata.annotations).not.toHaveProperty([REFRESH]);
});

it('leaves a refresh that is asked for while it writes', async () => {
  const last = configMap('y', {}, { annotations: { 'argocd.argoproj.io/sync-wave': '1' } });
  const shop = await stories.deployment({ 'a.json': configMap('x', {}), 'b.json': last });
  await shop.sync();
  await shop.commit({ 'a.json': undefined, 'c.json': configMap('z', {}, { annotations: { 'argocd.argoproj.io/sync-wave': '2' } }) });
  // What is pruned in the background is gone at once, so that nothing is waited for.
  await shop.change({ operation: { sync: { prune: true, syncOptions: ['PrunePropagationPolicy=background'] } } });
  const keep = async () => void (await shop.change({ metadata: { annotations: { [REFRESH]: 'hard' } } }));
  await shop.look('operation', { pruned: { ...stories.ports.pruned, keep } });
  expect((await operationOf(shop)).phase).toBe('Succeeded');
  expect((await shop.read()).metadata.annotations).toHaveProperty([REFRESH], 'hard');
});

it('has pruned what somebody else deletes first', async () => {
  const shop = await stories.deployment({ 'a.json': configMap('x', {}), 'b.json': configMap('y', {}) });
  await shop.sync();
  await shop.commit({ 'a.json': undefined });
  await shop.change({ operation: { sync: { prune: true } } });
  const ref = { group: '', version: 'v1', kind: 'ConfigMap', namespace: shop.namespace, name: 'x' };
  const keep = async () => void (await stories.cluster.delete(ref));
  await shop.look('operation', { pruned: { ...stories.ports.pruned, keep } });
  const { phase, rows } = await operationOf(shop);
  expect(phase).toBe('Succeeded');
  expect(rows).toContainEqual(['ConfigMap', 'x', 'Succeeded', 'pruned']);
});

it('writes each object once, and as often again what is known of them, in a sync of three waves with a hook', async () => {
  const at = (wave: number) => ({ annotations: { 'argocd.argoproj.io/sync-wave': `${wave}` } });
  const labels = { app: 'web' };
  const template = { metadata: { labels }, spec: { containers: [{ name: 'web', image: 'registry.example.com/web:v1' }] } };
  const files = {
    'hook.json': hookJob('migrate', 'PreSync', '0s'),
    'a.json': { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'web', ...at(-1) } },
    'b.json': configMap('b', {}, at(-1)),
    'c.json': {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web' },
      spec: { selector: { matchLabels: labels }, template },
    },
    'd.json': { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web', ...at(1) }, spec: { selector: labels, ports: [{ port: 80 }] } },
    'e.json': configMap('e', {}, at(1)),
  };
  const shop = await stories.deployment(files, { syncPolicy: { automated: {} } });
  const requests = [...(await requestsOf(() => shop.look()))];
  await eventually(async () => expect((await shop.live('jobs', 'migrate', 'batch/v1'))?.status?.succeeded).toBe(1));
  requests.push(...(await requestsOf(() => shop.look())));
  await eventually(async () => expect((await shop.live('deployments', 'web', 'apps/v1'))?.status?.availableReplicas).toBe(1));
  requests.push(...(await requestsOf(() => shop.look())));
  expect(await operationOf(shop)).toMatchObject({ phase: 'Succeeded' });
  const writes = requests.filter((request) => !/^GET |\/token$|dryRun=/.test(request));
  const ofItself = writes.filter((request) => request.includes('/applications/'));
  // As it begins, waits for the hook, goes on, waits for the Deployment, and ends; and the hook is let go.
  expect([writes.length, ofItself.length]).toEqual([12, 5]);
});

describe('a health script that fails', () => {
  const broken = { resourceSettings: async () => resourceSettings({ 'resource.customizations.health.ConfigMap': 'error("broken")' }) };
  const asked = async (shop: Deployment) => {
    await shop.change({ operation: { sync: {} } });
    await shop.look('operation', broken);
    await shop.look('continue', broken);
    return operationOf(shop);
  };

  it('stops no sync of a single wave, and is told in a condition', async () => {
    const shop = await stories.deployment({ 'a.json': configMap('x', {}) });
    expect(await asked(shop)).toMatchObject({ phase: 'Succeeded' });
    expect((await shop.read()).status?.conditions).toMatchObject([{ type: 'ComparisonError', message: expect.stringContaining('broken') }]);
  });

  it('has the next wave wait', async () => {
    const late = configMap('late', {}, { annotations: { 'argocd.argoproj.io/sync-wave': '1' } });
    const shop = await stories.deployment({ 'a.json': configMap('x', {}), 'b.json': late });
    expect(await asked(shop)).toMatchObject({ phase: 'Running', message: 'waiting for healthy state of /ConfigMap/x' });
    expect(await shop.live('configmaps', 'late')).toBeUndefined();
  });

  it('fails a hook', async () => {
    const hook = configMap('hook', {}, { annotations: { 'argocd.argoproj.io/hook': 'PreSync' } });
    const shop = await stories.deployment({ 'a.json': configMap('x', {}), 'hook.json': hook });
    const { phase, rows } = await asked(shop);
    expect(phase).toBe('Failed');
    expect(rows).toEqual([['ConfigMap', 'hook', 'Failed', expect.stringContaining('broken')]]);
    expect(await shop.live('configmaps', 'x')).toBeUndefined();
  });
});
