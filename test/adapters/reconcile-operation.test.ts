// What an operation leaves in status when Git, the cluster and the operation do not speak of the same commit.
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Application } from '../../lib/model/application.ts';
import { configMap } from '../support/journey.ts';
import { type Deployment, hookJob, type Stories, startStories } from '../support/stories.ts';
import { collectionPath, eventually } from '../world/world.ts';

const AUTOMATED = { syncPolicy: { automated: {} } };
const BROKEN = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x\n';
const AT_ONCE = { again: { afterSeconds: 0, event: expect.any(String) } };

let stories: Stories;

beforeAll(async () => {
  stories = await startStories();
});

afterAll(() => stories.close());

/** What people see first: how it compares, at which commit, and how its last operation stands. */
function standing({ status, operation }: Application) {
  const { phase, syncResult } = status?.operationState ?? {};
  return {
    sync: status?.sync?.status,
    revision: status?.sync?.revision,
    phase,
    synced: syncResult?.revision,
    asked: operation !== undefined,
  };
}

function conditionTypes({ status }: Application): readonly string[] {
  return (status?.conditions ?? []).map(({ type }) => type);
}

/** Looks until the operation is over, and gives back the Application as the run that ended it left it. */
function ended(deployment: Deployment): Promise<Application> {
  return eventually(async () => {
    await deployment.look('continue');
    const application = await deployment.read();
    expect(application.operation).toBeUndefined();
    return application;
  });
}

it('says after a sync of an older commit how HEAD compares, and asks to look again at once', async () => {
  const shop = await stories.deployment({ 'a.json': configMap('x', { k: '1' }) });
  const old = await shop.commit({});
  await shop.sync();
  const head = await shop.commit({ 'a.json': configMap('x', { k: '2' }) });
  await shop.sync();
  expect(standing(await shop.read())).toMatchObject({ sync: 'Synced', revision: head });

  expect(await shop.sync({ revision: old })).toEqual(AT_ONCE);
  expect((await shop.live('configmaps', 'x')).data).toEqual({ k: '1' });
  const back = { sync: 'OutOfSync', revision: head, phase: 'Succeeded', synced: old, asked: false };
  expect(standing(await shop.read())).toEqual(back);

  expect(await shop.look()).toEqual({});
  expect(standing(await shop.read())).toEqual(back);
});

it('does not take for synced what drifted while a later wave was waited for', async () => {
  const wave = { 'argocd.argoproj.io/sync-wave': '1' };
  const shop = await stories.deployment({ 'a.json': configMap('x', { k: '1' }), 'b.json': hookJob('late', 'Sync', '3s', wave) });
  await shop.sync();
  expect(standing(await shop.read())).toMatchObject({ sync: 'Synced', phase: 'Running' });

  await shop.drift('configmaps', 'x', { data: { k: 'drifted' } });
  await shop.look('drift');
  expect(standing(await shop.read())).toMatchObject({ sync: 'OutOfSync', phase: 'Running' });
  expect(standing(await ended(shop))).toMatchObject({ sync: 'OutOfSync', phase: 'Succeeded' });
  expect((await shop.live('configmaps', 'x')).data).toEqual({ k: 'drifted' });
});

it('goes on by itself with the next good commit after a sync that HEAD did not let begin', async () => {
  const shop = await stories.deployment({ 'a.json': configMap('x', { k: '1' }) }, AUTOMATED);
  await shop.look();
  const bad = await shop.commit({ 'b.yaml': BROKEN });
  await shop.look('push');
  await shop.sync();
  const failed = await shop.read();
  expect(standing(failed)).toMatchObject({ sync: 'Unknown', phase: 'Error', synced: bad, asked: false });
  expect(failed.status?.operationState?.message).toMatch(/^ComparisonError: .*b\.yaml/);

  const good = await shop.commit({ 'a.json': configMap('x', { k: '3' }), 'b.yaml': undefined });
  await shop.look('push');
  expect(standing(await shop.read())).toEqual({ sync: 'Synced', revision: good, phase: 'Succeeded', synced: good, asked: false });
  expect((await shop.live('configmaps', 'x')).data).toEqual({ k: '3' });
});

it('finishes an operation that a broken HEAD does not concern, and goes back to a good commit meanwhile', async () => {
  const shop = await stories.deployment({ 'a.json': configMap('x', { k: '1' }) });
  const first = await shop.commit({});
  const second = await shop.commit({ 'a.json': configMap('x', { k: '2' }), 'h.json': hookJob('migrate', 'PreSync', '3s') });
  await shop.sync();
  expect(standing(await shop.read())).toMatchObject({ phase: 'Running', synced: second });

  await shop.commit({ 'b.yaml': BROKEN });
  await shop.look('push');
  const meanwhile = await shop.read();
  expect(standing(meanwhile)).toMatchObject({ sync: 'Unknown', phase: 'Running', synced: second, asked: true });
  expect(conditionTypes(meanwhile)).toEqual(['ComparisonError']);

  const done = await ended(shop);
  expect(standing(done)).toMatchObject({ sync: 'Unknown', phase: 'Succeeded', synced: second });
  expect(conditionTypes(done)).toEqual(['ComparisonError']);
  expect((await shop.live('configmaps', 'x')).data).toEqual({ k: '2' });

  await shop.sync({ revision: first });
  const back = await shop.read();
  expect(standing(back)).toMatchObject({ sync: 'Unknown', phase: 'Succeeded', synced: first });
  expect(conditionTypes(back)).toEqual(['ComparisonError']);
  expect((await shop.live('configmaps', 'x')).data).toEqual({ k: '1' });
});

it('lets only a commit that renders differently stop an automated operation that waits', async () => {
  const slow = hookJob('migrate', 'PreSync', '10m');
  const shop = await stories.deployment({ 'a.json': configMap('x', { k: '1' }), 'h.json': slow }, AUTOMATED);
  const first = await shop.commit({});
  await shop.look();
  const running = await shop.read();
  expect(standing(running)).toMatchObject({ phase: 'Running', synced: first });
  const job = await shop.live('jobs', 'migrate', 'batch/v1');

  await shop.commit({ '../README.md': 'nothing of the shop' });
  await shop.look('push');
  const still = await shop.read();
  expect(standing(still)).toMatchObject({ phase: 'Running', synced: first, asked: true });
  expect(still.status?.operationState?.startedAt).toBe(running.status?.operationState?.startedAt);
  const same = await shop.live('jobs', 'migrate', 'batch/v1');
  expect([same.metadata.uid, same.metadata.generation]).toEqual([job.metadata.uid, job.metadata.generation]);

  const cure = await shop.commit({ 'a.json': configMap('x', { k: '2' }), 'h.json': undefined });
  await eventually(async () => {
    await shop.look('push');
    expect(standing(await shop.read())).toMatchObject({ sync: 'Synced', revision: cure, phase: 'Succeeded', synced: cure });
  });
  expect((await shop.live('configmaps', 'x')).data).toEqual({ k: '2' });
});

it('refuses an operation that brings its own source from outside the project, or manifests', async () => {
  await stories.project('narrow', { sourceRepos: [stories.remote.url] });
  const shop = await stories.deployment({ 'a.json': configMap('x', { k: '1' }) }, { project: 'narrow' });
  const elsewhere = stories.remote.url.replace('repo.git', 'elsewhere.git');
  const refused = async (sync: object) => {
    await shop.sync(sync);
    const application = await shop.read();
    expect(standing(application)).toMatchObject({ sync: 'OutOfSync', phase: 'Error', asked: false });
    expect(await shop.live('configmaps', 'x')).toBeUndefined();
    return application.status?.operationState?.message;
  };

  const source = { repoURL: elsewhere, path: shop.folder, targetRevision: 'main' };
  expect(await refused({ source })).toBe(`application repo ${elsewhere} is not permitted in project 'narrow'`);
  expect(stories.remote.requests.filter((line) => line.includes('elsewhere'))).toEqual([]);

  const manifests = [JSON.stringify(configMap('x', { k: 'local' }))];
  expect(await refused({ manifests })).toMatch(/^operation\.sync\.manifests is not supported/);
});

it('begins after the second in which the one before it ended, and does nothing earlier', async () => {
  const shop = await stories.deployment({ 'a.json': configMap('a-0', {}) });
  await shop.sync();
  for (const round of [1, 2, 3]) {
    const before = (await shop.read()).status?.operationState;
    await shop.commit({ 'a.json': configMap('a-0', { round: `${round}` }), [`a-${round}.json`]: configMap(`a-${round}`, {}) });
    await shop.sync();
    const { phase, startedAt = '', finishedAt } = (await shop.read()).status?.operationState ?? {};
    const { creationTimestamp } = (await shop.live('configmaps', `a-${round}`)).metadata;
    // RFC 3339 to the second sorts as time does.
    const times = [before?.startedAt, before?.finishedAt, startedAt, creationTimestamp, finishedAt];
    expect([phase, ...times]).toEqual(['Succeeded', ...times.toSorted()]);
    expect(startedAt > (before?.finishedAt ?? ''), `${times}`).toBe(true);
  }
});

it('begins later than what it finds done, where the record of that went with the request', async () => {
  const options = { annotations: { 'argocd.argoproj.io/sync-options': 'Force=true,Replace=true' } };
  const shop = await stories.deployment({ 'a.json': configMap('a', {}, options) });
  const uids = new Set<string>();
  for (let rounds = 0; rounds < 4; rounds += 1) {
    // As `app sync --resource` asks: such an operation leaves no history either.
    await shop.change({ operation: { sync: { resources: [{ kind: 'ConfigMap', name: 'a' }] } }, status: { operationState: null } });
    await shop.look('operation');
    expect((await shop.read()).status?.operationState?.phase).toBe('Succeeded');
    uids.add((await shop.live('configmaps', 'a')).metadata.uid);
  }
  expect(uids.size).toBe(4);
});

it('takes a step however late it is', async () => {
  const shop = await stories.deployment({ 'a.json': configMap('a', {}) });
  await shop.change({ operation: { sync: {} } });
  let asked = 0;
  const clock = () => {
    asked += 1;
    return Date.now() + (asked > 1 ? 120_000 : 0); // beyond the time of this look
  };
  await shop.look('operation', { clock });
  expect((await shop.read()).status?.operationState?.phase).toBe('Succeeded');
});

it('keeps the row of what a rollback pruned before its worker was lost', async () => {
  const shop = await stories.deployment({ 'a.json': configMap('a', {}) });
  const first = await shop.commit({});
  await shop.sync();
  await shop.commit({ 'b.json': configMap('b', {}) });
  await shop.sync();
  await shop.change({ operation: { sync: { revision: first, prune: true, syncStrategy: { apply: {} } } } });
  const { control } = stories.ports;
  let writes = 0;
  const patchApplication: typeof control.patchApplication = (...asked) => {
    writes += 1;
    return writes > 1 ? Promise.reject(new Error('lost')) : control.patchApplication(...asked);
  };
  await expect(shop.look('operation', { control: { ...control, patchApplication } })).rejects.toThrow('lost');
  await eventually(async () => expect(await shop.live('configmaps', 'b')).toBeUndefined());
  await ended(shop);
  const rows = (await shop.read()).status?.operationState?.syncResult?.resources ?? [];
  expect(rows.map(({ name, status }) => [name, status]).toSorted()).toEqual([
    ['a', 'Synced'],
    ['b', 'Pruned'],
  ]);
});

it('knows what a sync of an older commit creates while HEAD is broken, so that it goes with the Application', async () => {
  const alone = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'alone' }, stringData: { k: 'v' } };
  const shop = await stories.deployment({ 'a.json': configMap('a', {}), 's.json': alone });
  const first = await shop.commit({});
  await shop.change({ metadata: { finalizers: ['resources-finalizer.argocd.argoproj.io'] } });
  await shop.commit({ 's.json': undefined, 'b.yaml': BROKEN });
  await shop.look('push');
  await shop.sync({ revision: first });
  expect(await shop.live('secrets', 'alone')).toBeDefined();
  expect((await shop.read()).status?.resources?.map(({ kind, name, status }) => [kind, name, status]).toSorted()).toEqual([
    ['ConfigMap', 'a', undefined],
    ['Secret', 'alone', undefined],
  ]);
  const path = `${collectionPath('argoproj.io/v1alpha1', 'applications', stories.control)}/${shop.name}`;
  await stories.api.send(path, { method: 'DELETE' });
  await eventually(async () => {
    await shop.look();
    await expect(shop.object()).rejects.toThrow();
  });
  expect(await shop.live('secrets', 'alone')).toBeUndefined();
});

it('knows what a sync of an older commit creates after HEAD broke meanwhile', async () => {
  const alone = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'alone' }, stringData: { k: 'v' } };
  const shop = await stories.deployment({ 'a.json': configMap('a', {}), 's.json': alone, 'h.json': hookJob('migrate', 'PreSync', '2s') });
  const first = await shop.commit({});
  await shop.commit({ 's.json': undefined });
  await shop.look('push');
  await shop.sync({ revision: first });
  expect((await shop.read()).status?.operationState?.phase).toBe('Running');
  await shop.look('continue');
  await shop.commit({ 'b.yaml': BROKEN });
  await ended(shop);
  expect(await shop.live('secrets', 'alone')).toBeDefined();
  expect((await shop.read()).status?.resources?.map(({ name }) => name)).toContain('alone');
});

it('says of a dry run at an older commit, and of what was not chosen, nothing as if it were there', async () => {
  const files = { 'a.json': configMap('a', {}), 'b.json': configMap('b', {}) };
  const shop = await stories.deployment(files);
  const first = await shop.commit({});
  await shop.commit({ 'x.yaml': BROKEN });
  await shop.look('push');
  await shop.sync({ revision: first, dryRun: true });
  expect((await shop.read()).status?.resources ?? []).toEqual([]);
  await shop.sync({ revision: first, resources: [{ kind: 'ConfigMap', name: 'a' }] });
  expect((await shop.read()).status?.resources?.map(({ name }) => name)).toEqual(['a']);
});
