// A sync that would prune most of an Application asks first, and what a sync pruned comes back, on the real control plane.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InvalidInput, NotPermitted } from '../../lib/model/errors.ts';
import { configMap } from '../support/journey.ts';
import { clustersWhere, type Deployment, hookJob } from '../support/stories.ts';
import { type StoryCommands, startStoryCommands } from '../support/story-commands.ts';
import { eventually } from '../world/world.ts';

let stories: StoryCommands;

beforeAll(async () => {
  stories = await startStoryCommands();
});

afterAll(() => stories.close());

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
const files = (names: readonly string[]) => Object.fromEntries(names.map((name) => [`${name}.json`, configMap(name, { k: name })]));
const without = (names: readonly string[]) => Object.fromEntries(names.map((name) => [`${name}.json`, undefined]));
const AUTOMATED = { syncPolicy: { automated: { prune: true } } };

async function stateOf(shop: Deployment) {
  const { phase, message } = (await shop.read()).status?.operationState ?? {};
  return [phase, message];
}

/** Its Applications prune as much as they like from now on. */
function unbound(name: string): Promise<unknown> {
  const project = { group: 'argoproj.io', version: 'v1alpha1', kind: 'AppProject', namespace: stories.control, name };
  return stories.cluster.patch(project, { metadata: { annotations: { 'evenkeel.dev/deletion-budget': 'none' } } });
}

async function present(shop: Deployment, names: readonly string[]): Promise<readonly string[]> {
  const found = await Promise.all(names.map(async (name) => ((await shop.live('configmaps', name)) ? [name] : [])));
  return found.flat();
}

describe('a sync that would prune more than its budget', () => {
  it('waits, says so in a condition, and goes on when somebody agrees', async () => {
    const shop = await stories.deployment(files(NAMES), AUTOMATED);
    await shop.look();
    await shop.commit(without(NAMES.slice(0, 6)));
    await shop.look('push');
    expect(await stateOf(shop)).toEqual(['Running', 'waiting for pruning confirmation of /ConfigMap/a and 5 more resources']);
    expect(await present(shop, NAMES)).toEqual(NAMES);
    const [warning, ...more] = (await shop.read()).status?.conditions ?? [];
    expect(more).toEqual([]);
    expect(warning).toMatchObject({ type: 'DeletionBudgetWarning' });
    expect(warning?.message).toContain('would prune 6 of 8 objects');
    expect((await stories.evenkeel(['app', 'get', shop.name])).stdout).toContain('DeletionBudgetWarning');

    expect((await stories.evenkeel(['app', 'confirm-deletion', shop.name])).code).toBe(0);
    await shop.look('operation');
    expect((await stateOf(shop))[0]).toBe('Succeeded');
    await eventually(async () => expect(await present(shop, NAMES)).toEqual(['g', 'h']));
    await shop.look();
    expect((await shop.read()).status).toMatchObject({ sync: { status: 'Synced' } });
    expect((await shop.read()).status?.conditions).toBeUndefined();
  });

  it('holds no deletion up', async () => {
    const shop = await stories.deployment(files(NAMES), AUTOMATED);
    await shop.change({ metadata: { finalizers: ['resources-finalizer.argocd.argoproj.io'] } });
    await shop.look();
    await shop.commit(without(NAMES.slice(0, 6)));
    await shop.look('push');
    expect((await stateOf(shop))[0]).toBe('Running');
    expect((await stories.evenkeel(['app', 'delete', shop.name, '--yes'])).code).toBe(0);
    await eventually(async () => {
      await shop.look();
      expect(await shop.object().catch(() => undefined)).toBeUndefined();
    });
    expect(await present(shop, NAMES)).toEqual([]);
  });

  it('is overtaken by the commit that puts them back', async () => {
    const shop = await stories.deployment(files(NAMES), AUTOMATED);
    await shop.look();
    await shop.commit(without(NAMES.slice(0, 6)));
    await shop.look('push');
    await shop.commit(files(NAMES));
    await shop.look('push');
    await shop.look();
    expect((await shop.read()).status).toMatchObject({ sync: { status: 'Synced' } });
    expect((await shop.read()).status?.conditions).toBeUndefined();
    expect(await present(shop, NAMES)).toEqual(NAMES);
  });

  it('has all its time for what follows when its project no longer has it ask', async () => {
    const later = (hours: number) => ({ clock: () => Date.now() + hours * 3_600_000 });
    await stories.project('raised', {});
    const shop = await stories.deployment(files(NAMES), { ...AUTOMATED, project: 'raised' });
    await shop.look();
    await shop.commit({ ...without(NAMES.slice(0, 6)), 'hook.json': hookJob('hook', 'PostSync', '1h') });
    await shop.look('push');
    const asked = await shop.read();
    expect(asked.status?.operationState?.message).toContain('waiting for pruning confirmation of');
    await shop.look('continue', later(24));
    expect((await shop.read()).metadata.resourceVersion).toBe(asked.metadata.resourceVersion);
    await unbound('raised');
    await eventually(async () => {
      await shop.look('continue', later(25));
      expect(await stateOf(shop)).toEqual(['Running', 'waiting for completion of hook batch/Job/hook']);
    });
    await shop.look('continue', later(29));
    expect((await stateOf(shop))[0]).toBe('Failed');
  });

  it('does not ask where its project says so', async () => {
    await stories.project('unbounded', {});
    await unbound('unbounded');
    const shop = await stories.deployment(files(NAMES), { ...AUTOMATED, project: 'unbounded' });
    await shop.look();
    await shop.commit(without(NAMES.slice(0, 7)));
    await shop.look('push');
    expect((await stateOf(shop))[0]).toBe('Succeeded');
    await eventually(async () => expect(await present(shop, NAMES)).toEqual(['h']));
  });
});

describe('what a sync pruned', () => {
  const PASSWORD = 'canary-restore-71c2';
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'login' }, stringData: { password: PASSWORD } };

  async function emptied(): Promise<Deployment> {
    const shop = await stories.deployment({ ...files(['a', 'b']), 'secret.json': secret }, AUTOMATED);
    await shop.look();
    await shop.drift('configmaps', 'a', { data: { added: 'by hand' } });
    await shop.commit({ 'a.json': undefined, 'secret.json': undefined });
    await shop.look('push');
    await eventually(async () => expect(await present(shop, ['a', 'b'])).toEqual(['b']));
    return shop;
  }

  it('comes back as it was, Secrets too, and stays although Git does not name it', async () => {
    const shop = await emptied();
    const shown = await stories.answered(shop, ['app', 'restore', shop.name, '--dry-run', '--timeout', '60']);
    expect(shown.code).toBe(0);
    expect(shown.stdout).toMatch(/Secret\s+\S+\s+login/);
    expect(await shop.live('secrets', 'login')).toBeUndefined();

    const { code, stdout, stderr } = await stories.answered(shop, ['app', 'restore', shop.name, '--timeout', '60']);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(`${stdout}${stderr}${JSON.stringify(await shop.object())}`).not.toContain(PASSWORD);
    expect((await shop.live('configmaps', 'a')).data).toEqual({ k: 'a', added: 'by hand' });
    expect((await shop.live('secrets', 'login')).data).toEqual({ password: btoa(PASSWORD) });
    for (let looks = 0; looks < 3; looks += 1) await shop.look();
    expect((await shop.read()).status).toMatchObject({ sync: { status: 'Synced' } });
    expect(await present(shop, ['a', 'b'])).toEqual(['a', 'b']);
    expect((await shop.read()).status?.history).toHaveLength(2);

    await shop.commit(files(['a']));
    await shop.look('push');
    const owned = await shop.live('configmaps', 'a');
    expect(owned.metadata.annotations).not.toHaveProperty('argocd.argoproj.io/sync-options');
    await shop.commit({ 'a.json': undefined });
    await shop.look('push');
    await eventually(async () => expect(await present(shop, ['a', 'b'])).toEqual(['b']));
  });

  it('is left as it is where it has come back meanwhile, whatever its options say', async () => {
    const options = (words: string) => ({ annotations: { 'argocd.argoproj.io/sync-options': words } });
    const all = {
      'r.json': configMap('r', { k: 'old' }, options('Replace=true')),
      'f.json': configMap('f', { k: 'old' }, options('Force=true,Replace=true')),
    };
    const shop = await stories.deployment({ ...files(NAMES), ...all });
    await shop.sync();
    await shop.commit({ 'r.json': undefined, 'f.json': undefined, ...without(['a']) });
    await shop.sync({ prune: true });
    for (const name of ['r', 'f']) {
      await eventually(async () => expect(await shop.live('configmaps', name)).toBeUndefined());
      await stories.create('v1', 'configmaps', shop.namespace, {
        metadata: { name, ...options('Force=true,Replace=true') },
        data: { k: 'new' },
      });
    }
    const before = await Promise.all(['r', 'f'].map((name) => shop.live('configmaps', name)));
    expect(await stories.answered(shop, ['app', 'restore', shop.name])).toMatchObject({ code: 0 });
    expect(await Promise.all(['r', 'f'].map((name) => shop.live('configmaps', name)))).toEqual(before);
    expect((await shop.live('configmaps', 'a')).data).toEqual({ k: 'a' });
  });

  it('is waited for while it is still going', async () => {
    const shop = await stories.deployment(files(NAMES));
    await shop.sync();
    await shop.drift('configmaps', 'a', { metadata: { finalizers: ['example.com/held'] } });
    await shop.commit(without(['a']));
    await shop.sync({ prune: true });
    expect((await shop.live('configmaps', 'a')).metadata.deletionTimestamp).toBeDefined();
    const asked = stories.evenkeel(['app', 'restore', shop.name]);
    await eventually(async () => expect((await shop.read()).operation).toBeDefined());
    await shop.look('operation', {}, 3);
    const message = expect.stringMatching(/^cannot go on for now: .*ConfigMap .*\/a: still being deleted$/);
    expect(await stateOf(shop)).toEqual(['Running', message]);
    await shop.drift('configmaps', 'a', { metadata: { finalizers: null } });
    await eventually(async () => expect(await shop.live('configmaps', 'a')).toBeUndefined());
    await shop.look('continue');
    expect(await asked).toMatchObject({ code: 0 });
    expect((await shop.live('configmaps', 'a')).data).toEqual({ k: 'a' });
  });

  it('comes back without what does not go, which is named', async () => {
    const shop = await stories.deployment(files(NAMES));
    await shop.sync();
    await shop.drift('configmaps', 'a', { metadata: { finalizers: ['example.com/held'] } });
    await shop.commit(without(['a', 'b']));
    await shop.sync({ prune: true });
    const info = [{ name: 'Restores what was pruned', value: 'true' }];
    await shop.change({ operation: { info, sync: { dryRun: true, syncStrategy: { apply: {} } } } });
    await shop.look('operation');
    expect((await stateOf(shop))[0]).toBe('Failed');
    await shop.change({ operation: { info, sync: { syncStrategy: { apply: {} } } } });
    await expect(shop.look('operation')).rejects.toThrow('still being deleted');
    await shop.look('operation', {}, 3);
    await shop.look('operation', { clock: () => Date.now() + 130_000 });
    const [phase, message] = await stateOf(shop);
    expect([phase, message]).toEqual(['Failed', expect.stringContaining('still being deleted: restore it once it is gone')]);
    expect((await shop.live('configmaps', 'b')).data).toEqual({ k: 'b' });
    await shop.drift('configmaps', 'a', { metadata: { finalizers: null } });
  });

  it('fails a restore where the store is not to be had, or does not open what it keeps', async () => {
    const shop = await stories.deployment(files(NAMES));
    await shop.sync();
    const { pruned, clusters } = stories.ports;
    const restored = async (kept: typeof pruned.kept, resources: readonly object[] = [], others: object = {}) => {
      const info = [{ name: 'Restores what was pruned', value: 'true' }];
      await shop.change({ operation: { info, sync: { resources, syncStrategy: { apply: {} } } } });
      await shop.look('operation', { pruned: { ...pruned, kept }, ...others });
      return stateOf(shop);
    };
    expect(await restored(() => Promise.reject(new NotPermitted('the role may not list')))).toEqual([
      'Error',
      'nothing restored: the role may not list',
    ]);
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'back', namespace: shop.namespace } };
    const some = async () => ({ objects: [{ prunedAt: Date.now(), object }], unreadable: 2 });
    expect(await restored(some)).toEqual([
      'Error',
      'nothing restored: 2 of what is kept cannot be opened, as the log says; name those that you need with --resource to have the rest',
    ]);
    const blind = clustersWhere(clusters, (cluster) => ({
      get: (ref) => (ref.name === 'back' ? Promise.reject(new NotPermitted('it may not be read')) : cluster.get(ref)),
    }));
    expect(await restored(some, [{ kind: 'ConfigMap', name: 'back' }], { clusters: blind })).toEqual([
      'Error',
      'nothing restored: it may not be read',
    ]);
    const none = 'nothing to restore: no sync of this Application has pruned anything of /ConfigMap/other within the last 24 hours';
    for (const named of [['other'], ['back', 'other']])
      expect(
        await restored(
          some,
          named.map((name) => ({ kind: 'ConfigMap', name })),
        ),
      ).toEqual(['Error', `${none}; 2 of what is kept cannot be opened, as the log says`]);
    expect((await restored(some, [{ kind: 'ConfigMap', name: 'back' }]))[0]).toBe('Succeeded');
    expect(await shop.live('configmaps', 'back')).toBeDefined();
  });

  it('comes back one by one, while Git is broken too', async () => {
    const shop = await emptied();
    await shop.commit({ 'broken.yaml': 'a: [' });
    const { code, stderr } = await stories.answered(shop, ['app', 'restore', shop.name, '--resource', ':ConfigMap:a', '--timeout', '60']);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(await present(shop, ['a'])).toEqual(['a']);
    expect(await shop.live('secrets', 'login')).toBeUndefined();
  });

  it('is not what its project forbids by now', async () => {
    await stories.project('narrow', {});
    const shop = await emptied();
    await shop.change({ spec: { project: 'narrow' } });
    await stories.cluster.patch(
      { group: 'argoproj.io', version: 'v1alpha1', kind: 'AppProject', namespace: stories.control, name: 'narrow' },
      { spec: { namespaceResourceBlacklist: [{ group: '', kind: 'Secret' }] } },
    );
    const { code, stderr } = await stories.answered(shop, ['app', 'restore', shop.name, '--timeout', '60']);
    expect(code).toBe(1);
    expect(stderr).toContain('resource :Secret is not permitted in project narrow');
    expect(await shop.live('secrets', 'login')).toBeUndefined();
  });

  it('is nothing where nothing was pruned', async () => {
    const shop = await stories.deployment(files(['a']), AUTOMATED);
    await shop.look();
    const { code, stderr } = await stories.answered(shop, ['app', 'restore', shop.name, '--timeout', '60']);
    expect(code).toBe(1);
    expect(stderr).toContain('nothing to restore: no sync of this Application has pruned anything within the last 24 hours');
  });

  it('was kept before it went: what cannot be kept is not pruned', async () => {
    const shop = await stories.deployment(files(['a', 'b']), AUTOMATED);
    await shop.look();
    await shop.commit({ 'a.json': undefined });
    const pruned = { ...stories.ports.pruned, keep: () => Promise.reject(new InvalidInput('the disk is full')) };
    await shop.look('push', { pruned });
    expect(await present(shop, ['a'])).toEqual(['a']);
    const [row] = (await shop.read()).status?.operationState?.syncResult?.resources ?? [];
    expect(row).toMatchObject({
      name: 'a',
      status: 'SyncFailed',
      message: 'not pruned, since it cannot be kept for a restore: the disk is full',
    });
  });
});
