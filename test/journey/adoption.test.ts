// Promise: objects that kubectl or Argo CD made before become ours at the first sync, so that what Git drops goes away; what others set stays.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Deployed, type Journey, startJourney } from '../support/journey.ts';
import { succeed } from '../support/program.ts';
import { freshName } from '../world/world.ts';

let journey: Journey;

beforeAll(async () => {
  journey = await startJourney();
});

afterAll(() => journey?.close());

const labels = { app: 'web' };

function deployment(env: Readonly<Record<string, string>>, args: readonly string[] = []): object {
  const container = {
    name: 'web',
    image: 'registry.example.com/web:1',
    env: Object.entries(env).map(([name, value]) => ({ name, value })),
    ...(args.length > 0 ? { args } : {}),
  };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web' },
    spec: { replicas: 0, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers: [container] } } },
  };
}

const settings = (data: Readonly<Record<string, string>>) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'settings' },
  data,
});

interface Live {
  readonly metadata: {
    readonly uid: string;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly managedFields?: readonly { readonly manager?: string; readonly operation?: string; readonly subresource?: string }[];
  };
  readonly data?: unknown;
  readonly spec?: {
    readonly template: { readonly spec: { readonly containers: readonly { readonly env?: unknown; readonly args?: unknown }[] } };
  };
}

async function live(application: Deployed, group: string, plural: string, name: string): Promise<Live> {
  return (await journey.find(group, plural, application.namespace, name)) as unknown as Live; // what the test created has this shape
}

/** Both objects in a namespace of their own, made by `kubectl apply` with these flags. */
async function madeBefore(flags: readonly string[]): Promise<string> {
  const namespace = await journey.freshNamespace('before');
  const items = [
    deployment({ COLOUR: 'blue', OLD: 'yes', OLDER: 'yes' }, ['--verbose']),
    settings({ kept: '1', dropped: '2', later: '3' }),
  ];
  const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
  await succeed(journey.kubectl, ['--kubeconfig', journey.kubeconfigPath, 'apply', '-n', namespace, ...flags, '-f', '-'], { input });
  return namespace;
}

const MAKERS: readonly (readonly [string, readonly string[]])[] = [
  ['kubectl apply', []],
  ['Argo CD as it applies on the client', ['--field-manager=argocd-controller']],
  ['Argo CD as it applies on the server', ['--server-side', '--field-manager=argocd-controller']],
];

test.each(MAKERS)('what %s made is taken over in place, and what Git drops goes away, at once and later', async (_, flags) => {
  const namespace = await madeBefore(flags);
  const repository = await journey.repository({
    'web.yaml': deployment({ COLOUR: 'blue', OLDER: 'yes' }),
    'settings.yaml': settings({ kept: '1', later: '3' }),
  });
  const application = await journey.application(repository, { namespace });
  const before = await live(application, 'apps/v1', 'deployments', 'web');
  await journey.wake(application.name);
  await application.synced();
  const web = await live(application, 'apps/v1', 'deployments', 'web');
  expect(web.metadata.uid).toBe(before.metadata.uid);
  expect(web.metadata.annotations).toMatchObject({
    'argocd.argoproj.io/tracking-id': expect.stringContaining(`${application.name}:apps/Deployment:`),
  });
  const [container] = web.spec?.template.spec.containers ?? [];
  expect(container?.env).toEqual([
    { name: 'COLOUR', value: 'blue' },
    { name: 'OLDER', value: 'yes' },
  ]);
  expect(container?.args).toBeUndefined();
  expect((await live(application, 'v1', 'configmaps', 'settings')).data).toEqual({ kept: '1', later: '3' });
  const managers = (web.metadata.managedFields ?? [])
    .filter(({ subresource }) => !subresource)
    .map(({ manager, operation }) => `${manager} ${operation}`);
  expect(managers).toContain('evenkeel Apply');
  expect(managers.filter((manager) => /^(argocd-controller|kubectl-client-side-apply)/.test(manager))).toEqual([]);
  expect(Object.keys(web.metadata.annotations ?? {})).not.toContain('kubectl.kubernetes.io/last-applied-configuration');

  const commit = await repository.commit({ 'web.yaml': deployment({ COLOUR: 'blue' }), 'settings.yaml': settings({ kept: '1' }) });
  await application.synced(commit);
  const after = await live(application, 'apps/v1', 'deployments', 'web');
  expect(after.spec?.template.spec.containers[0]?.env).toEqual([{ name: 'COLOUR', value: 'blue' }]);
  expect((await live(application, 'v1', 'configmaps', 'settings')).data).toEqual({ kept: '1' });
});

test('an Application that Argo CD had Synced is Synced without a sync, and what Git drops later goes away all the same', async () => {
  const [name, namespace] = [freshName('moved'), await journey.freshNamespace('before')];
  const tracking = { 'argocd.argoproj.io/tracking-id': `${name}:/ConfigMap:${namespace}/settings` };
  const theirs = { ...settings({ kept: '1', dropped: '2' }), metadata: { name: 'settings', annotations: tracking } };
  const flags = ['--server-side', '--field-manager=argocd-controller', '-n', namespace];
  await succeed(journey.kubectl, ['--kubeconfig', journey.kubeconfigPath, 'apply', ...flags, '-f', '-'], { input: JSON.stringify(theirs) });
  const repository = await journey.repository({ 'settings.yaml': settings({ kept: '1', dropped: '2' }) });
  const application = await journey.application(repository, { name, namespace });
  await journey.wake(name);
  expect((await application.synced()).status?.operationState).toBeUndefined();
  await application.synced(await repository.commit({ 'settings.yaml': settings({ kept: '1' }) }));
  expect((await live(application, 'v1', 'configmaps', 'settings')).data).toEqual({ kept: '1' });
});

test('what another manager added to an adopted object stays', async () => {
  const namespace = await madeBefore([]);
  const extra = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings' }, data: { theirs: '9' } };
  const flags = ['--server-side', '--field-manager=someone-else', '-n', namespace];
  await succeed(journey.kubectl, ['--kubeconfig', journey.kubeconfigPath, 'apply', ...flags, '-f', '-'], { input: JSON.stringify(extra) });
  const repository = await journey.repository({ 'web.yaml': deployment({ COLOUR: 'blue' }), 'settings.yaml': settings({ kept: '1' }) });
  const application = await journey.application(repository, { namespace });
  await journey.wake(application.name);
  await application.synced();
  expect((await live(application, 'v1', 'configmaps', 'settings')).data).toEqual({ kept: '1', theirs: '9' });
});
