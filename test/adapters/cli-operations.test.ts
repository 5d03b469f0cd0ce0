// Commands that begin, stop and free operations, as programs, beside the stories that carry the operations out.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configMap } from '../support/journey.ts';
import { succeed } from '../support/program.ts';
import { type Deployment, hookJob } from '../support/stories.ts';
import { type StoryCommands, startStoryCommands } from '../support/story-commands.ts';
import { eventually } from '../world/world.ts';

let stories: StoryCommands;

beforeAll(async () => {
  stories = await startStoryCommands();
});

afterAll(() => stories.close());

async function stateOf(shop: Deployment): Promise<readonly unknown[]> {
  const { phase, message } = (await shop.read()).status?.operationState ?? {};
  return [phase, message];
}

describe('app rollback', () => {
  it('deploys again what was deployed before, without hooks, and says how Git and the cluster can agree', async () => {
    const hook = { 'hook.json': hookJob('migrate', 'PreSync', '0s') };
    const shop = await stories.deployment({ 'a.json': configMap('x', { k: '1' }), 'b.json': configMap('gone', {}) });
    const first = await shop.commit({});
    await shop.sync();
    const second = await shop.commit({ 'a.json': configMap('x', { k: '2' }), 'b.json': undefined });
    await shop.sync({ prune: true });
    await shop.commit(hook);

    const { code, stdout, stderr } = await stories.answered(shop, ['app', 'rollback', shop.name, '--timeout', '60']);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stdout).toContain('\nPhase:              Succeeded\n');
    const head = (await shop.read()).status?.sync?.revision;
    expect(stderr).toContain(`Git differs from what runs now: ${first.slice(0, 7)} runs, main is at ${head?.slice(0, 7)}\n`);
    const [, restoring = ''] = /in a clean clone at main: (.*)\n/.exec(stderr) ?? [];
    const [clone, author] = [mkdtempSync(join(tmpdir(), 'evenkeel-clone-')), ['-c', 'user.name=n', '-c', 'user.email=n@example.com']];
    const git = (...args: readonly string[]) => succeed('git', ['-C', clone, ...args]);
    await git('clone', '-q', stories.remote.url, '.');
    await succeed('sh', ['-c', `cd "$0" && ${restoring.replace('git commit', `git ${author.join(' ')} commit`)}`, clone]);
    expect(await git('diff', '--stat', first, 'HEAD')).toBe('');
    expect((await git('rev-parse', 'HEAD~1')).trim()).toBe(head);
    rmSync(clone, { recursive: true });
    expect((await shop.live('configmaps', 'x')).data).toEqual({ k: '1' });
    expect(await shop.live('configmaps', 'gone')).toBeDefined();
    expect(await shop.live('jobs', 'migrate', 'batch/v1')).toBeUndefined();
    const { status } = await shop.read();
    expect(status?.sync?.status).toBe('OutOfSync');
    expect(status?.history?.map(({ id, revision }) => [id, revision])).toEqual([
      [0, first],
      [1, second],
      [2, first],
    ]);

    const forward = await stories.answered(shop, ['app', 'rollback', shop.name, '1', '--prune']);
    expect(forward).toMatchObject({ code: 0 });
    expect(await shop.live('configmaps', 'gone')).toBeUndefined();
  });

  it('is refused where it would not last, and where there is nothing to go back to', async () => {
    const shop = await stories.deployment({ 'a.json': configMap('x', {}) });
    await shop.sync();
    const refused = async (...args: readonly string[]) => {
      const { code, stderr } = await stories.evenkeel(['app', 'rollback', shop.name, ...args]);
      expect((await shop.read()).operation).toBeUndefined();
      return [code, stderr];
    };
    expect(await refused()).toEqual([20, `error: application '${shop.name}' should have at least two successful deployments\n`]);
    expect(await refused('7')).toEqual([20, `error: application '${shop.name}' does not have deployment id '7' in history\n`]);
    await shop.change({ spec: { syncPolicy: { automated: {} } } });
    expect(await refused('0')).toEqual([
      20,
      expect.stringMatching(/^error: rollback cannot be initiated when auto-sync is enabled: set .+ to false first, or revert /),
    ]);
  });
});

describe('app sync of some resources', () => {
  it('asks for force and replacement of the resources that carry a label in Git', async () => {
    const labelled = (name: string, tier: string) => {
      const object = configMap(name, { k: '1' }) as { readonly metadata: object }; // a manifest as that makes it
      return { ...object, metadata: { ...object.metadata, labels: { tier } } };
    };
    const files = { 'a.json': labelled('a', 'front'), 'b.json': labelled('b', 'back'), 'c.json': labelled('c', 'data') };
    const shop = await stories.deployment(files);
    await shop.look();
    const env = { EVENKEEL_KUBECTL: stories.kubectl, EVENKEEL_HELM: stories.helm, EVENKEEL_KUSTOMIZE: stories.kustomize };
    const sync = (...args: readonly string[]) => stories.evenkeel(['app', 'sync', shop.name, '--async', ...args], { env });
    expect(await sync('--label', 'tier=none')).toEqual({
      code: 1,
      stdout: '',
      stderr: 'error: No matching resources found for labels: [tier=none]\n',
    });
    const args = ['--label', 'tier=back', '--label', 'other=x', '--replace', '--force', '--server-side'];
    expect(await sync(...args)).toEqual({ code: 0, stdout: '', stderr: '' });
    const { sync: asked } = (await shop.read()).operation ?? {};
    expect(asked?.syncStrategy).toEqual({ hook: { force: true } });
    expect(asked?.syncOptions).toEqual(['Replace=true', 'ServerSideApply=true']);
    expect(asked?.resources).toEqual([{ kind: 'ConfigMap', namespace: shop.namespace, name: 'b' }]);
    await shop.look('operation');
    expect(await shop.live('configmaps', 'b')).toBeDefined();
    expect(await shop.live('configmaps', 'c')).toBeUndefined();
  });
});

describe('app terminate-op', () => {
  it('stops the sync that runs, and its hook', async () => {
    const shop = await stories.deployment({ 'a.json': configMap('x', {}), 'hook.json': hookJob('slow', 'PreSync', '600s') });
    await shop.sync();
    const waits = 'waiting for completion of hook batch/Job/slow';
    expect(await stateOf(shop)).toEqual(['Running', waits]);
    expect((await stories.evenkeel(['app', 'get', shop.name])).stdout).toContain(`Phase:              Running\n`);
    expect(await stories.evenkeel(['app', 'sync', shop.name])).toMatchObject({
      code: 20,
      stderr: `error: another operation is already in progress: ${waits} (evenkeel app terminate-op ${shop.name} ends it)\n`,
    });
    expect(await stories.evenkeel(['app', 'terminate-op', shop.name])).toMatchObject({
      code: 0,
      stdout: `Application '${shop.name}' operation terminating\n`,
    });
    await shop.look();
    expect(await stateOf(shop)).toEqual(['Failed', 'Operation terminated']);
    await eventually(async () => expect(await shop.live('jobs', 'slow', 'batch/v1')).toBeUndefined());
    expect(await stories.evenkeel(['app', 'terminate-op', shop.name])).toMatchObject({
      code: 20,
      stderr: 'error: Unable to terminate operation. No operation is in progress\n',
    });
  });
});

describe('app confirm-deletion', () => {
  it('frees a prune that waits for it', async () => {
    const guarded = { annotations: { 'argocd.argoproj.io/sync-options': 'Prune=confirm' } };
    const shop = await stories.deployment({ 'a.json': configMap('x', {}), 'b.json': configMap('guarded', {}, guarded) });
    await shop.sync();
    await shop.commit({ 'b.json': undefined });
    await shop.sync({ prune: true });
    const waits = 'waiting for pruning confirmation of /ConfigMap/guarded';
    expect(await stateOf(shop)).toEqual(['Running', waits]);
    const told = await stories.evenkeel(['app', 'wait', shop.name, '--operation', '--timeout', '2']);
    const choice = `evenkeel app confirm-deletion ${shop.name} agrees, evenkeel app terminate-op ${shop.name} ends it`;
    expect(told).toMatchObject({ code: 20, stderr: expect.stringMatching(`^${shop.name}: ${waits}: ${choice}\nerror: timed out`) });
    expect(await stories.evenkeel(['app', 'confirm-deletion', shop.name])).toMatchObject({
      code: 0,
      stdout: `Application '${shop.name}' updated successfully\n`,
      stderr: `confirmed what was ${waits}\n`,
    });
    await shop.look();
    expect((await stateOf(shop))[0]).toBe('Succeeded');
    const again = await stories.evenkeel(['app', 'confirm-deletion', shop.name]);
    expect(again).toMatchObject({ code: 0, stdout: '', stderr: 'nothing of it waits for a confirmation now\n' });
    expect(await shop.live('configmaps', 'guarded')).toBeUndefined();
  });
});

describe('app sync', () => {
  it('says to whoever leaves it by Ctrl-C that the operation goes on', async () => {
    const shop = await stories.deployment({ 'a.json': configMap('x', {}) });
    const interrupt = eventually(async () => expect((await shop.read()).operation).toBeDefined());
    const { code, stderr } = await stories.evenkeel(['app', 'sync', shop.name], { interrupt });
    expect([code, stderr]).toEqual([
      130,
      expect.stringMatching(/^the operation on \S+ goes on without you: evenkeel app wait .*terminate-op/),
    ]);
    expect((await shop.read()).operation).toBeDefined();
    expect(await stories.evenkeel(['app', 'history', shop.name])).toMatchObject({
      code: 0,
      stdout: '',
      stderr: expect.stringMatching(/^no deployment is on record/),
    });
  });

  it.each([
    [['--strategy', 'foo'], /^error: Unknown sync strategy: 'foo': there are hook and apply/],
    [['--timeout', '-1'], /expected no less than 0 seconds/],
    [['--prune=maybe'], /^error: --prune takes true or false, not 'maybe'/],
  ])('refuses %j as wrong usage', async (flags, message) => {
    expect(await stories.evenkeel(['app', 'sync', 'shop', ...flags])).toMatchObject({ code: 1, stderr: expect.stringMatching(message) });
  });

  it('is refused before anything is written while the project closes its window, and app get says so', async () => {
    const project = `closed-${stories.control}`;
    const window = { kind: 'deny', schedule: '* * * * *', duration: '1h', applications: ['*'] };
    await stories.project(project, { syncWindows: [window] });
    const shop = await stories.deployment({ 'a.json': configMap('x', {}) }, { project });
    const { code, stderr } = await stories.evenkeel(['app', 'sync', shop.name]);
    expect([code, stderr]).toEqual([20, 'error: cannot sync: blocked by sync window; no time is in sight at which it opens\n']);
    expect((await shop.read()).operation).toBeUndefined();
    const { stdout } = await stories.evenkeel(['app', 'get', shop.name]);
    expect(stdout).toContain('\nSyncWindow:         Sync Denied\nAssigned Windows:   deny:* * * * *:1h\n');
  });
});
