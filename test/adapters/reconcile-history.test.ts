// What was deployed longer ago than an Application's status holds stays known, on the real control plane.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { REFRESH, REFRESH_TIMESTAMP } from '../../lib/model/annotations.ts';
import { configMap } from '../support/journey.ts';
import type { Deployment } from '../support/stories.ts';
import { type StoryCommands, startStoryCommands } from '../support/story-commands.ts';

let stories: StoryCommands;

beforeAll(async () => {
  stories = await startStoryCommands();
});

afterAll(() => stories.close());

/** Three deployments of an Application that holds the last alone; their commits. */
async function deployedThrice() {
  const shop = await stories.deployment({}, { revisionHistoryLimit: 1 });
  const commits: string[] = [];
  for (const k of ['1', '2', '3']) {
    commits.push(await shop.commit({ 'a.json': configMap('x', { k }) }));
    await shop.sync();
  }
  return { shop, commits };
}

/** Runs a command, and has a worker look at the Application until it ends. */
async function attended(shop: Deployment, args: readonly string[]) {
  let over = false;
  const run = stories.evenkeel(args).finally(() => {
    over = true;
  });
  while (!over) {
    await shop.look();
    await sleep(200);
  }
  return run;
}

const idsOf = async (shop: Deployment) => (await shop.read()).status?.history?.map(({ id }) => id);

it('is shown on request, and deployed again by its id or as the one before', async () => {
  const { shop, commits } = await deployedThrice();
  expect(await idsOf(shop)).toEqual([2]);
  expect(await stories.evenkeel(['app', 'history', shop.name, '-o', 'id'])).toMatchObject({ stdout: '2\n' });
  expect(await attended(shop, ['app', 'history', shop.name, '--all', '-o', 'id'])).toMatchObject({ code: 0, stdout: '0\n1\n2\n' });
  const { stdout } = await attended(shop, ['app', 'history', shop.name, '--all']);
  for (const commit of commits) expect(stdout).toContain(`main (${commit.slice(0, 7)})`);

  const { code, stderr } = await attended(shop, ['app', 'rollback', shop.name, '0', '--timeout', '60']);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect((await shop.live('configmaps', 'x')).data).toEqual({ k: '1' });
  expect((await shop.read()).status?.history).toMatchObject([{ id: 3, revision: commits[0] }]);
  expect(await attended(shop, ['app', 'rollback', shop.name, '--timeout', '60'])).toMatchObject({ code: 0 });
  expect((await shop.live('configmaps', 'x')).data).toEqual({ k: '3' });
  expect(Object.keys((await shop.read()).metadata.annotations ?? {})).not.toContain('evenkeel.dev/deployments');
});

it('is asked for no longer than the command may wait, and by a refresh that no earlier answer takes away', async () => {
  const { shop } = await deployedThrice();
  expect(await stories.evenkeel(['app', 'rollback', shop.name, '0', '--timeout', '2'])).toMatchObject({
    code: 20,
    stderr: `error: no worker has told of older deployments of '${shop.name}' within 2 s\n`,
  });
  const { annotations = {} } = (await shop.read()).metadata;
  expect([annotations[REFRESH], annotations[REFRESH_TIMESTAMP]]).toEqual(['normal', expect.stringMatching(/^\d{4}-.+Z$/)]);
});

it('is that of the Application alone, not of one that had its name', async () => {
  const { shop } = await deployedThrice();
  const object = await shop.object();
  const ref = { group: 'argoproj.io', version: 'v1alpha1', kind: 'Application', namespace: stories.control, name: shop.name };
  await stories.cluster.delete(ref);
  const { apiVersion, kind, spec } = object as typeof object & { readonly spec: object };
  const history = [{ id: 2, revision: 'a'.repeat(40), deployedAt: '2026-11-22T10:00:00Z', source: { repoURL: stories.remote.url } }];
  await stories.cluster.create({ apiVersion, kind, metadata: { name: shop.name, namespace: stories.control }, spec, status: { history } });
  expect(await attended(shop, ['app', 'rollback', shop.name, '0'])).toMatchObject({
    code: 20,
    stderr: `error: application '${shop.name}' does not have deployment id '0' in history\n`,
  });
});

it('holds up no sync when the store takes nothing', async () => {
  const shop = await stories.deployment({ 'a.json': configMap('x', { k: '1' }) }, { revisionHistoryLimit: 1 });
  await shop.sync();
  await shop.commit({ 'a.json': configMap('x', { k: '2' }) });
  const lines: unknown[] = [];
  const log = { ...stories.ports.log, warn: (step: string, fields?: object) => void lines.push({ step, ...fields }) };
  const { store: rendered } = stories.ports;
  const full = async (key: string, text: string) => {
    if (key.startsWith('deployment ')) throw new Error('the disk is full');
    await rendered?.write(key, text);
  };
  await shop.change({ operation: { sync: {} } });
  await shop.look('operation', { store: { read: async (key) => rendered?.read(key), write: full }, log });
  expect((await shop.read()).status?.operationState).toMatchObject({ phase: 'Succeeded' });
  expect(lines).toEqual([
    { step: 'history: a deployment is not kept', application: `${stories.control}/${shop.name}`, reason: 'the disk is full' },
  ]);
});
