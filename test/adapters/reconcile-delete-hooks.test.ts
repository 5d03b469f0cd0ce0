// Hooks of a deletion on the real control plane: before the cascade and after it, waited for, told of, cleaned up, and each run once.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { configMap } from '../support/journey.ts';
import { type Deployment, hookJob, isOnBeat, type Stories, startStories } from '../support/stories.ts';
import { eventually } from '../world/world.ts';

const PRE = 'pre-delete-finalizer.argocd.argoproj.io';
const POST = 'post-delete-finalizer.argocd.argoproj.io';
const CASCADE = 'resources-finalizer.argocd.argoproj.io';
const BROKEN = 'apiVersion: v1\nkind: ConfigMap\nmetadata: [';
const POLICY = 'argocd.argoproj.io/hook-delete-policy';

let shop: Stories;
beforeAll(async () => {
  shop = await startStories();
});
afterAll(() => shop.close());

/** Deployed and synced, with the finalizer of a cascade. */
async function deployed(files: Readonly<Record<string, string | object>>, spec: object = {}, finalizers = [CASCADE]): Promise<Deployment> {
  const application = await shop.deployment({ 'settings.json': configMap('settings', {}), ...files }, spec);
  await application.change({ metadata: { finalizers } });
  await application.sync();
  await application.look();
  return application;
}

const remove = ({ name }: Deployment) =>
  shop.api.send(`/apis/argoproj.io/v1alpha1/namespaces/${shop.control}/applications/${name}`, { method: 'DELETE' });
const finalizersOf = async (application: Deployment) => (await application.read()).metadata.finalizers;
const messageOf = async (application: Deployment) =>
  (await application.read()).status?.conditions?.find(({ type }) => type === 'DeletionError')?.message;

/** Looks until `there` holds. */
const lookUntil = (application: Deployment, there: () => Promise<void>) =>
  eventually(async () => {
    await application.look();
    await there();
  });

const gone = (application: Deployment) => lookUntil(application, () => expect(application.object()).rejects.toThrow());
const jobs = (application: Deployment, name: string) => application.live('jobs', name, 'batch/v1');

/** A Job that runs for longer than any test. */
const endless = (name: string, hook: string, annotations = {}) => hookJob(name, hook, '3600s', annotations);

/** A Job whose only pod fails: the image's tag says so to the control plane's kubelet. */
const failing = (name: string) => JSON.stringify(hookJob(name, 'PreDelete', '0s')).replace('hook:v1', 'hook:fail');

test('finalizers follow the hooks in Git, and stay when Git does not render', async () => {
  const application = await deployed({ 'pre.json': hookJob('pre', 'PreDelete', '0s'), 'post.json': hookJob('post', 'PostDelete', '0s') });
  expect(await finalizersOf(application)).toEqual([CASCADE, PRE, `${PRE}/cleanup`, POST, `${POST}/cleanup`]);
  await application.commit({ 'broken.yaml': BROKEN });
  await application.look('push');
  expect((await application.read()).status?.conditions).toMatchObject([{ type: 'ComparisonError' }]);
  expect(await finalizersOf(application)).toEqual([CASCADE, PRE, `${PRE}/cleanup`, POST, `${POST}/cleanup`]);
  await application.commit({ 'broken.yaml': undefined, 'post.json': undefined });
  await application.look('push');
  expect(await finalizersOf(application)).toEqual([CASCADE, PRE, `${PRE}/cleanup`]);
});

test('PreDelete runs before anything goes, PostDelete when all is gone; what the policy names goes, what has none stays', async () => {
  const application = await deployed({
    'pre.json': hookJob('pre', 'PreDelete', '2s'),
    'post.json': hookJob('post', 'PostDelete', '1s', { [POLICY]: 'HookSucceeded' }),
    'kept.json': hookJob('kept', 'PostDelete', '0s'),
  });
  expect(await jobs(application, 'pre')).toBeUndefined();
  await remove(application);
  await application.look();
  const { metadata } = await jobs(application, 'pre');
  await application.look();
  expect(await application.live('configmaps', 'settings')).toBeDefined();
  expect((await jobs(application, 'pre')).metadata.uid).toBe(metadata.uid);
  await lookUntil(application, async () => expect(await jobs(application, 'post')).toBeDefined());
  expect(await application.live('configmaps', 'settings')).toBeUndefined();
  expect(await jobs(application, 'pre')).toBeUndefined(); // with the cascade
  await gone(application);
  expect(await jobs(application, 'post')).toBeUndefined();
  expect(await jobs(application, 'kept')).toBeDefined();
});

test('hooks run without a cascade too, and objects stay', async () => {
  const application = await deployed({ 'pre.json': hookJob('pre', 'PreDelete', '0s', { [POLICY]: 'HookSucceeded' }) }, {}, []);
  await remove(application);
  await application.look();
  expect(await jobs(application, 'pre')).toBeDefined();
  await gone(application);
  expect(await jobs(application, 'pre')).toBeUndefined();
  expect(await application.live('configmaps', 'settings')).toBeDefined();
});

test('a hook that fails is told in Argo CD’s words, deleted, and created again', async () => {
  const application = await deployed({ 'pre.json': failing('pre') });
  await remove(application);
  await application.look();
  const first = (await jobs(application, 'pre')).metadata.uid;
  const message = `error executing pre-delete hooks: PreDelete hook(s) failed: ${application.namespace}/pre`;
  await lookUntil(application, async () => expect(await messageOf(application)).toBe(message));
  await lookUntil(application, async () => {
    const again = await jobs(application, 'pre');
    expect(again?.metadata.uid ?? first).not.toBe(first);
  });
  expect(await application.live('configmaps', 'settings')).toBeDefined();
  await application.commit({ 'pre.json': undefined });
  await gone(application);
});

test('a run that a sync left does not count', async () => {
  const application = await deployed({ 'both.json': hookJob('both', 'PreSync,PreDelete', '0s') });
  await lookUntil(application, async () => expect((await application.read()).status?.operationState?.phase).toBe('Succeeded'));
  const left = (await jobs(application, 'both')).metadata.uid;
  await remove(application);
  await lookUntil(application, async () => {
    const own = await jobs(application, 'both');
    expect(own?.metadata.uid ?? left).not.toBe(left);
  });
  await gone(application);
});

test('a hook with generateName alone runs once', async () => {
  const { metadata, ...rest } = endless('unused', 'PreDelete') as { readonly metadata: { readonly annotations: object } }; // as made above
  const application = await deployed({ 'pre.json': { ...rest, metadata: { annotations: metadata.annotations, generateName: 'drain-' } } });
  await remove(application);
  for (let look = 0; look < 3; look += 1) await application.look();
  const { deletionTimestamp = '' } = (await application.read()).metadata;
  const name = `drain-predelete-${Date.parse(deletionTimestamp) / 1000}`;
  expect((await jobs(application, name)).metadata.name).toBe(name);
  await application.commit({ 'pre.json': undefined });
  await gone(application);
});

test('a hook that the project does not permit is created by nobody, and holds the deletion', async () => {
  await shop.project('without-jobs', { namespaceResourceBlacklist: [{ group: 'batch', kind: 'Job' }] });
  const application = await deployed({ 'pre.json': hookJob('pre', 'PreDelete', '0s') }, { project: 'without-jobs' });
  await remove(application);
  await application.look();
  expect(await messageOf(application)).toBe(
    `error executing pre-delete hooks: batch/Job ${application.namespace}/pre: resource batch:Job is not permitted in project without-jobs`,
  );
  expect(await jobs(application, 'pre')).toBeUndefined();
  expect(await application.live('configmaps', 'settings')).toBeDefined();
});

test('Git that does not render hooks any more holds the deletion and says why', async () => {
  const application = await deployed({ 'pre.json': hookJob('pre', 'PreDelete', '0s') });
  await application.commit({ 'broken.yaml': BROKEN });
  await remove(application);
  const outcome = await application.look();
  expect(isOnBeat(outcome, 30)).toBe(true);
  expect(await messageOf(application)).toContain('error executing pre-delete hooks: ');
  expect(await messageOf(application)).toContain('broken.yaml');
  await application.commit({ 'broken.yaml': undefined });
  await gone(application);
});

test('what a finalizer of somebody holds is named with it, and the way out, after a while', async () => {
  const application = await deployed({});
  await application.drift('configmaps', 'settings', { metadata: { finalizers: ['example.com/hold'] } });
  await remove(application);
  for (let look = 0; look < 2; look += 1) await application.look();
  expect(await messageOf(application)).toBeUndefined();
  const outcome = await application.look('sweep', { clock: () => Date.now() + 180_000 });
  expect(isOnBeat(outcome, 30)).toBe(true);
  expect(await messageOf(application)).toContain(`ConfigMap ${application.namespace}/settings (finalizers example.com/hold`);
  await application.drift('configmaps', 'settings', { metadata: { finalizers: null } });
  await gone(application);
});

test('a hook that runs for long is named with the way out, and Git lets the deletion go on without it', async () => {
  const application = await deployed({ 'pre.json': endless('pre', 'PreDelete') });
  await remove(application);
  for (let look = 0; look < 2; look += 1) await application.look();
  expect(await messageOf(application)).toBeUndefined();
  const outcome = await application.look('sweep', { clock: () => Date.now() + 1_200_000 });
  expect(isOnBeat(outcome, 120)).toBe(true);
  expect(await messageOf(application)).toContain(`hooks that have run for more than 10 minutes: batch/Job ${application.namespace}/pre: `);
  await application.commit({ 'pre.json': undefined });
  await gone(application);
});

test('a deletion that waits for approval says of what', async () => {
  const asks = configMap('asks', {}) as { readonly metadata: object }; // it has a name
  const metadata = { ...asks.metadata, annotations: { 'argocd.argoproj.io/sync-options': 'Delete=confirm' } };
  const application = await deployed({ 'asks.json': { ...asks, metadata } });
  await remove(application);
  await application.look();
  expect(await messageOf(application)).toContain(`waiting for approval to delete ConfigMap ${application.namespace}/asks: `);
});

test('a PreDelete hook that was created goes with the rest, although another one of them was refused at first', async () => {
  const annotations = { 'argocd.argoproj.io/hook': 'PreDelete' };
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'before', annotations } };
  const wrong = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'wrong', annotations }, spec: { ports: [] } };
  const application = await deployed({ 'account.json': account, 'wrong.json': wrong });
  await remove(application);
  await lookUntil(application, async () => expect(await messageOf(application)).toContain('wrong'));
  expect(await application.live('serviceaccounts', 'before')).toBeDefined();
  expect((await application.read()).status?.resources?.map(({ name }) => name)).toContain('before');
  await application.commit({ 'wrong.json': undefined });
  await gone(application);
  expect(await application.live('serviceaccounts', 'before')).toBeUndefined();
});
