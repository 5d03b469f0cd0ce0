// Sync windows of a project, in a real cluster: who may sync when, and that what waits goes on once a window opens (spec/project.md §7).
import { afterAll, beforeAll, expect, it } from 'vitest';
import { configMap } from '../support/journey.ts';
import { type Deployment, type Stories, startStories } from '../support/stories.ts';
import { collectionPath, freshName } from '../world/world.ts';

let stories: Stories;

beforeAll(async () => {
  stories = await startStories();
});

afterAll(() => stories.close());

const CLOSED = { kind: 'deny', schedule: '* * * * *', duration: '1h', applications: ['*'] };

const FILES = { 'a.json': configMap('x', { k: '1' }) };

interface Windowed extends Deployment {
  readonly open: () => Promise<unknown>;
  readonly close: () => Promise<unknown>;
}

/** An Application in a project of its own with such windows. */
async function shopWith(window: object, spec: object = {}, files: Parameters<Stories['deployment']>[0] = FILES): Promise<Windowed> {
  const project = freshName('windows');
  await stories.project(project, { syncWindows: [window] });
  const shop = await stories.deployment(files, { project, ...spec });
  const path = `${collectionPath('argoproj.io/v1alpha1', 'appprojects', stories.control)}/${project}`;
  const windows = (syncWindows: readonly object[]) => stories.api.send(path, { method: 'PATCH', body: { spec: { syncWindows } } });
  return { ...shop, open: () => windows([]), close: () => windows([window]) };
}

async function phaseOf(shop: Deployment): Promise<readonly unknown[]> {
  const { phase, message } = (await shop.read()).status?.operationState ?? {};
  return [phase, message];
}

const BLOCKED = ['Running', 'Sync operation blocked by sync window'];

it('keeps an automated sync from beginning, says when to look again, and lets it begin once the window opens', async () => {
  const shop = await shopWith(CLOSED, { syncPolicy: { automated: {} } });
  expect(await shop.look()).toEqual({ again: { afterSeconds: expect.any(Number), event: expect.stringContaining('window') } });
  const { status } = await shop.read();
  expect(status?.sync?.status).toBe('OutOfSync');
  expect(status?.operationState).toBeUndefined();
  expect(status?.conditions ?? []).toEqual([]);
  expect(await shop.live('configmaps', 'x')).toBeUndefined();

  await shop.open();
  await shop.look();
  expect((await shop.live('configmaps', 'x')).data).toEqual({ k: '1' });
});

it('has a sync that a person asked for wait, and go on at the commit of the time when the window opens', async () => {
  const shop = await shopWith(CLOSED);
  expect(await shop.sync()).toMatchObject({ again: { afterSeconds: expect.any(Number) } });
  expect(await phaseOf(shop)).toEqual(BLOCKED);
  await shop.commit({ 'a.json': configMap('x', { k: '2' }) });
  await shop.look();
  expect(await phaseOf(shop)).toEqual(BLOCKED);
  expect(await shop.live('configmaps', 'x')).toBeUndefined();

  await shop.open();
  await shop.look();
  expect((await phaseOf(shop))[0]).toBe('Succeeded');
  expect((await shop.live('configmaps', 'x')).data).toEqual({ k: '2' });
});

it('lets a person sync where the window says so, and terminate what waits for one that does not', async () => {
  const manual = await shopWith({ ...CLOSED, manualSync: true });
  await manual.sync();
  expect((await phaseOf(manual))[0]).toBe('Succeeded');

  const waits = await shopWith(CLOSED);
  await waits.sync();
  await waits.change({ status: { operationState: { phase: 'Terminating' } } });
  await waits.look();
  expect(await phaseOf(waits)).toEqual(['Failed', 'Operation terminated']);
  expect(await waits.live('configmaps', 'x')).toBeUndefined();
});

it('names the window that cannot be read, and lets nothing through', async () => {
  const shop = await shopWith({ ...CLOSED, schedule: 'whenever' });
  await shop.sync();
  const [phase, message] = await phaseOf(shop);
  expect(phase).toBe('Running');
  expect(message).toMatch(
    /^Sync operation blocked by sync window: project 'windows-.+': spec\.syncWindows\[0\]\.schedule: 'whenever' is no cron schedule/,
  );
});

it('does not take from a sync the time for which a window held it, whatever holds it next', async () => {
  const day = { clock: () => Date.now() + 86_400_000 };
  const other = await stories.deployment({ 'a.json': configMap('y', {}) });
  const shop = await shopWith(CLOSED, {});
  await shop.change({ metadata: { annotations: { 'evenkeel.dev/depends-on': other.name } } });
  await shop.sync();
  expect(await phaseOf(shop)).toEqual(BLOCKED);
  await shop.open();
  for (const _ of [1, 2]) {
    await shop.look('continue', day);
    expect(await phaseOf(shop)).toEqual(['Running', `blocked by ${other.name} (Unknown, Unknown)`]);
  }
});

it('does not take from a sync the time for which a window held it between two attempts', async () => {
  const refused = { ...configMap('x', {}), data: { 'not/a/key': '1' } };
  const shop = await shopWith(CLOSED, {}, { 'a.json': refused });
  await shop.open();
  await shop.change({ operation: { sync: {}, retry: { limit: 5 } } });
  await shop.look('operation');
  expect((await phaseOf(shop))[1]).toContain('Retrying attempt #1 at');
  await shop.close();
  await shop.look();
  expect(await phaseOf(shop)).toEqual(BLOCKED);
  await shop.open();
  await shop.look('continue', { clock: () => Date.now() + 86_400_000 });
  expect(await phaseOf(shop)).toEqual(['Running', expect.stringContaining('Retrying attempt #2 at')]);
});

it('says that a window cannot be read whose duration nobody can wait for', async () => {
  const shop = await shopWith({ ...CLOSED, duration: '9999999999h' });
  await shop.sync();
  expect(await phaseOf(shop)).toEqual(['Running', expect.stringMatching(/^Sync operation blocked by sync window: .*9999999999h/)]);
});
