// `app explain` of Applications that the stories have looked at, on a real API server with a real Git server and real tools.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configMap } from '../support/journey.ts';
import { type Ran, succeed } from '../support/program.ts';
import { type Deployment, hookJob } from '../support/stories.ts';
import { type StoryCommands, startStoryCommands } from '../support/story-commands.ts';
import { collectionPath, eventually, freshName } from '../world/world.ts';

const AUTOMATED = { syncPolicy: { automated: {} } };
const CLOSED = { kind: 'deny', schedule: '* * * * *', duration: '1h', applications: ['*'] };

let stories: StoryCommands;

beforeAll(async () => {
  stories = await startStoryCommands();
});

afterAll(() => stories.close());

function explain(shop: Deployment, ...flags: readonly string[]): Promise<Ran> {
  const env = { EVENKEEL_KUBECTL: stories.kubectl, EVENKEEL_HELM: stories.helm, EVENKEEL_KUSTOMIZE: stories.kustomize };
  return stories.evenkeel(['app', 'explain', shop.name, ...flags], { env });
}

/** What is printed where nothing goes wrong. */
async function explained(shop: Deployment): Promise<string> {
  const { code, stdout, stderr } = await explain(shop);
  expect([code, stderr]).toEqual([0, '']);
  return stdout;
}

const head = (shop: Deployment, sync: string, health: string) => `${stories.control}/${shop.name}: ${sync}, ${health}\n`;
const kubectl = (...args: readonly string[]) => succeed(stories.kubectl, ['--kubeconfig', stories.kubeconfigPath, ...args]);

/** In sync, with one ConfigMap. */
async function settled(
  spec: object = AUTOMATED,
  files: Readonly<Record<string, object>> = { 'a.json': configMap('x', { k: '1', mine: '1' }) },
): Promise<Deployment> {
  const shop = await stories.deployment(files, spec);
  await shop.look();
  await shop.look();
  expect((await shop.read()).status?.sync?.status).toBe('Synced');
  return shop;
}

const patch = (shop: Deployment, data: object) =>
  kubectl('-n', shop.namespace, 'patch', 'configmap', 'x', '--type', 'merge', '-p', JSON.stringify({ data }));

describe('an Application that is', () => {
  it('as Git wants it needs no word', async () => {
    const shop = await settled();
    const nothing = 'nothing to explain: it is as Git wants it, and nothing is on its way\n';
    expect(await explained(shop)).toBe(head(shop, 'Synced', 'Healthy') + nothing);
  });

  it('changed by hand names field, client and rule, and why it stays so', async () => {
    const ignoreDifferences = [{ kind: 'ConfigMap', jsonPointers: ['/data/mine'] }];
    const shop = await settled({ ...AUTOMATED, ignoreDifferences });
    await patch(shop, { k: '2', mine: '2' });
    await shop.look();
    expect(await explained(shop)).toBe(`${head(shop, 'OutOfSync', 'Healthy')}
sync: ConfigMap ${shop.namespace}/x: not as Git wants it
why:
  data.k: is not as Git has it; set by kubectl-patch
  data.mine: differs, and is ignored by spec.ignoreDifferences[0]; set by kubectl-patch
  -> evenkeel app diff ${shop.name} shows the fields; a sync puts them right

automation: this revision was synced, and changes made in the cluster stay: spec.syncPolicy.automated.selfHeal is not set
  -> set it, push, or: evenkeel app sync ${shop.name}
`);
    await patch(shop, { k: '1' });
    await shop.look();
    expect(await explained(shop)).toContain(`${head(shop, 'Synced', 'Healthy')}nothing to explain`);
  });

  it('not as its managed metadata says names the label of the Namespace and who set it', async () => {
    const managedNamespaceMetadata = { labels: { team: 'books' } };
    const shop = await settled({ syncPolicy: { automated: {}, syncOptions: ['CreateNamespace=true'], managedNamespaceMetadata } });
    await kubectl('label', 'namespace', shop.namespace, '--overwrite', 'team=shoes');
    await shop.look();
    const place = 'spec.syncPolicy.managedNamespaceMetadata';
    expect(await explained(shop)).toContain(`${head(shop, 'OutOfSync', 'Healthy')}
sync: Namespace ${shop.namespace}: its labels or annotations are not as ${place} wants them
why:
  metadata.labels.team: is not as Git has it; set by kubectl-label
  -> a sync puts them there: evenkeel app sync ${shop.name}
`);
  });

  it('not healthy names the objects, what they wait for, and where to look', async () => {
    const spec = { storageClassName: '', accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
    const claim = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'data' }, spec };
    const pod = { restartPolicy: 'Never', containers: [{ name: 'main', image: 'registry.example.com/shop:fail' }] };
    const shop = await settled(AUTOMATED, {
      'a.json': claim,
      'b.json': { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'one' }, spec: pod },
    });
    await eventually(async () => {
      await shop.look();
      expect((await shop.read()).status?.health?.status).toBe('Degraded');
    });
    const text = await explained(shop);
    expect(text).toContain(head(shop, 'Synced', 'Degraded'));
    expect(text).toContain(`health: PersistentVolumeClaim ${shop.namespace}/data: Progressing: no volume is bound to it yet`);
    const at = `kubectl -n ${shop.namespace} describe Pod one`;
    expect(text).toContain(
      `health: Pod ${shop.namespace}/one: Degraded: container "main" failed with exit code 1\n  -> its events tell more: ${at}\n`,
    );
    expect(await kubectl(...at.split(' ').slice(1))).toContain('Name:');
  });

  it('not to be rendered names the place', async () => {
    const shop = await settled();
    await shop.commit({ 'a.json': undefined, 'b.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: [' });
    await shop.look('push');
    const text = await explained(shop);
    expect(text).toContain(head(shop, 'Unknown', 'Healthy'));
    expect(text).toMatch(/\nsync: ComparisonError: .*b\.yaml.*line \d/);
    expect(text).toContain(`\n  -> mend what the message names; the next push, or evenkeel app get ${shop.name} --refresh, looks again\n`);
  });
});

describe('an Application whose sync', () => {
  it('by itself a window keeps back names the window, and when it opens', async () => {
    const project = freshName('windows');
    const minute = new Date(Date.now() - 120_000);
    const schedule = `${minute.getUTCMinutes()} ${minute.getUTCHours()} * * *`;
    await stories.project(project, { syncWindows: [{ ...CLOSED, schedule, manualSync: true }] });
    const shop = await stories.deployment({ 'a.json': configMap('x', {}) }, { ...AUTOMATED, project });
    await shop.look();
    const text = await explained(shop);
    expect(text).toContain(`\nsync: ConfigMap ${shop.namespace}/x: in Git, and not in the cluster\n`);
    expect(text).toContain(
      `\nautomation: a sync by itself is due, and spec.syncWindows[0] (deny '${schedule}' for 1h) of project '${project}' keeps it closed\n`,
    );
    expect(text).toMatch(/\n {2}-> it opens at 20[\dT:-]+Z; by hand it may be synced now: evenkeel app sync \S+\n/);
  });

  it('by hand a window keeps waiting names it too, and how to stop', async () => {
    const project = freshName('windows');
    await stories.project(project, { syncWindows: [CLOSED] });
    const shop = await stories.deployment({ 'a.json': configMap('x', {}) }, { project });
    await shop.sync();
    const text = await explained(shop);
    expect(text).toContain(`Sync operation blocked by sync window: spec.syncWindows[0] (deny '* * * * *' for 1h) of project '${project}'`);
    expect(text).toContain(`; to stop it: evenkeel app terminate-op ${shop.name}\n`);
  });

  it('waits for a hook names the hook, and after it has failed where to look', async () => {
    const job = hookJob('migrate', 'PreSync', '600s');
    const shop = await stories.deployment({ 'a.json': configMap('x', {}), 'job.json': job });
    await shop.sync();
    const waits = await explained(shop);
    expect(waits).toContain(
      'is Running: waiting for completion of hook batch/Job/migrate\n  -> it goes on when the hook ends; to stop it: ',
    );
    expect(waits).toContain(`operation: batch/Job ${shop.namespace}/migrate: `);
    expect(waits).toContain(`\n  -> kubectl -n ${shop.namespace} logs job/migrate\n`);

    await shop.change({ status: { operationState: { phase: 'Terminating' } } });
    await shop.look();
    const stopped = await explained(shop);
    expect(stopped).toMatch(/\noperation: the sync that began at \S+ was stopped\n {2}-> to begin it again: evenkeel app sync \S+\n/);
    expect(stopped).toContain(`operation: batch/Job ${shop.namespace}/migrate: its PreSync hook ran still, and was ended\n\n`);
    await shop.commit({ 'job.json': failing(job) });
    await shop.sync();
    await eventually(async () => {
      await shop.look();
      expect((await shop.read()).status?.operationState?.phase).toBe('Failed');
    }, 60_000);
    const failed = await explained(shop);
    expect(failed).toMatch(new RegExp(`operation: batch/Job ${shop.namespace}/migrate: its PreSync hook failed: Job has reached`));
    expect(failed).toContain(`\n  -> kubectl -n ${shop.namespace} logs job/migrate says more, unless its delete policy took it away\n`);
  });

  it('waits for a confirmation names the object, and the command that gives it', async () => {
    const annotations = { 'argocd.argoproj.io/sync-options': 'Prune=confirm' };
    const files = { 'a.json': configMap('x', {}), 'b.json': configMap('kept', {}, { annotations }) };
    const shop = await settled(AUTOMATED, files);
    await shop.change({ spec: { syncPolicy: null } });
    await shop.commit({ 'b.json': undefined });
    await shop.sync({ prune: true });
    const text = await explained(shop);
    expect(text).toContain('is Running: waiting for pruning confirmation of /ConfigMap/kept\n');
    expect(text).toContain(`  -> say yes: evenkeel app confirm-deletion ${shop.name}; `);
    expect(text).toContain(`operation: ConfigMap ${shop.namespace}/kept: Git does not have it any more, and its deletion waits`);
    await stories.evenkeel(['app', 'confirm-deletion', shop.name]);
    await shop.look();
    expect(await shop.live('configmaps', 'kept')).toBeUndefined();
  });

  it('failed for a reason outside Git says when it is tried again', async () => {
    const shop = await stories.deployment({ 'a.json': configMap('x', {}) }, { syncPolicy: { automated: {}, retry: { limit: 0 } } });
    await stories.create('v1', 'resourcequotas', shop.namespace, { metadata: { name: 'small' }, spec: { hard: { configmaps: '0' } } });
    const path = `${collectionPath('v1', 'resourcequotas', shop.namespace)}/small`;
    await eventually(async () => expect(await stories.api.send(path)).toMatchObject({ status: { hard: { configmaps: '0' } } }));
    await shop.look();
    await shop.look();
    const text = await explained(shop);
    expect(text).toMatch(/operation: the sync that .*; the reason lies outside Git \(.*exceeded quota: small.*\): attempt #2 is at 20/);
    const said = (await shop.read()).status?.conditions?.[0]?.message.match(/attempt #2 at (\S+)\)/)?.[1];
    expect(text).toContain(`attempt #2 is at ${said}\n`);
  });
});

describe('an Application', () => {
  it('that changes what may not be changed names the sync that forces it, which then does', async () => {
    const shop = await settled(undefined, { 'a.json': { ...configMap('x', { k: '1' }), immutable: true } });
    await shop.commit({ 'a.json': { ...configMap('x', { k: '2' }), immutable: true } });
    await shop.change({ spec: { syncPolicy: null } });
    await shop.sync();
    const [, force] = /created again: evenkeel (app sync .* --force --resource \S+)\n/.exec(await explained(shop)) ?? [];
    expect(force).toBe(`app sync ${shop.name} --force --resource :ConfigMap:${shop.namespace}/x`);
    expect(await stories.evenkeel([...(force ?? '').split(' '), '--async'])).toMatchObject({ code: 0 });
    await shop.look();
    expect((await shop.live('configmaps', 'x'))?.data).toEqual({ k: '2' });
  });

  it('to which something was restored says that Git does not have it, until it does', async () => {
    const files = { 'a.json': configMap('x', {}), 'b.json': configMap('back', {}) };
    const shop = await settled({ syncPolicy: { automated: { prune: true } } }, files);
    await shop.commit({ 'b.json': undefined });
    await shop.look('push');
    await eventually(async () => expect(await shop.live('configmaps', 'back')).toBeUndefined());
    const restoring = stories.evenkeel(['app', 'restore', shop.name]);
    await eventually(async () => expect((await shop.read()).operation).toBeDefined());
    await shop.look();
    await shop.look();
    expect(await restoring).toMatchObject({ code: 0, stderr: expect.stringContaining('put it back into Git, or delete it by hand') });
    expect(await explained(shop)).toMatch(
      /\nsync: ConfigMap \S+\/back: restored at \S+Z, and not in Git: no sync prunes it\n {2}-> put it back into Git, or delete it by hand\n/,
    );
    await shop.commit(files);
    await shop.look('push');
    await shop.look();
    expect(await explained(shop)).not.toContain('restored');
    const again = stories.evenkeel(['app', 'restore', shop.name]);
    await eventually(async () => expect((await shop.read()).operation).toBeDefined());
    await shop.look();
    // It was there already: nothing came back.
    expect(await again).toMatchObject({ code: 0, stderr: '' });
  });
});

/** The same Job, whose pod fails at once. */
function failing(job: object): object {
  return JSON.parse(JSON.stringify(job).replace('hook:v1', 'hook:fail').replace('600s', '0s'));
}
