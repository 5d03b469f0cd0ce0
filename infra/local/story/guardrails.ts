// What must not happen does not, and says why: forged pushes, broken manifests, Applications outside their project.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { evenkeel } from './evenkeel.ts';
import { application, kubectl, must, type Scene, until, untilApplication } from './scene.ts';
import type { Shop } from './shop.ts';
import type { Step } from './story.ts';

export const guardrails: Step = {
  title: 'A forged push, a broken manifest, an Application outside its project: refused with the reason named',
  play: async (scene, shop) => {
    await forgedPush(scene, shop);
    await brokenManifest(scene, shop);
    await outsideProject(scene, shop);
    await deniedKind(scene);
  },
};

async function forgedPush({ host, say }: Scene, shop: Shop): Promise<void> {
  const body = JSON.stringify({ ref: 'refs/heads/main', repository: { html_url: shop.url.replace(/\.git$/, ''), default_branch: 'main' } });
  const headers = {
    'content-type': 'application/json',
    'x-github-event': 'push',
    'x-github-delivery': 'forged',
    'x-hub-signature-256': `sha256=${'0'.repeat(64)}`,
  };
  const answer = await fetch(host.webhookUrl, { method: 'POST', headers, body });
  must(answer.status === 401, `a push with a wrong signature was answered ${answer.status}, not 401`);
  must(!(await answer.text()).includes('bookstore-dev'), 'a forged push learned the name of an Application');
  say('a push with a wrong signature: 401, nothing enqueued');
}

async function brokenManifest(scene: Scene, shop: Shop): Promise<void> {
  await shop.edit('newsletter/newsletter.yaml', (text) => `${text}\n---\nkind: ConfigMap\nmetadata: {name: [\n`, 'break the newsletter');
  await apply(scene, 'newsletter', applicationOf(scene, shop, { name: 'newsletter', path: 'newsletter', project: 'bookstore' }));
  const message = await untilCondition(scene, 'newsletter', 'ComparisonError');
  must(/newsletter\.yaml/.test(message) && /line \d+|:\d+/.test(message), `the message names no file and line: ${message}`);
  scene.say(`newsletter says: ${message}`);
  await shop.edit('base/kustomization.yaml', (text) => `${text}\n# a note\n`, 'note something');
  await untilApplication(scene, 'bookstore-dev', 'Synced', 'Healthy');
  scene.say('its neighbours go on');
  await shop.git('pull', '-q', '--rebase', 'origin', 'main');
  await kubectl(scene, 'delete', 'application', 'newsletter', '-n', scene.host.namespace);
}

async function outsideProject(scene: Scene, shop: Shop): Promise<void> {
  const namespace = 'kube-system';
  await apply(scene, 'trespasser', applicationOf(scene, shop, { name: 'trespasser', path: 'newsletter', project: 'bookstore', namespace }));
  const message = await untilCondition(scene, 'trespasser', 'InvalidSpecError');
  must(message.includes(`namespace '${namespace}' do not match any of the allowed destinations in project 'bookstore'`), message);
  scene.say(`trespasser says: ${message}`);
  await kubectl(scene, 'delete', 'application', 'trespasser', '-n', scene.host.namespace);
}

/** The trap of a project that denies ResourceQuota: the shop has one. */
async function deniedKind(scene: Scene): Promise<void> {
  const { namespace } = scene.host;
  const deny = {
    spec: {
      namespaceResourceBlacklist: [
        { group: '', kind: 'ResourceQuota' },
        { group: 'rbac.authorization.k8s.io', kind: '*' },
      ],
    },
  };
  await kubectl(scene, 'patch', 'appproject', 'bookstore', '-n', namespace, '--type', 'merge', '-p', JSON.stringify(deny));
  const operation = { operation: { sync: { syncStrategy: { hook: {} } } } };
  await kubectl(scene, 'patch', 'application', 'bookstore-staging', '-n', namespace, '--type', 'merge', '-p', JSON.stringify(operation));
  const refusal = 'resource :ResourceQuota is not permitted in project bookstore';
  const failed = await until(scene, 'the sync to be refused', 60, async () => {
    const state = (await application(scene, 'bookstore-staging'))?.status?.operationState;
    return state?.message?.includes(refusal) ? state : undefined;
  });
  scene.say(`bookstore-staging says: ${failed.message ?? ''}`);
  const allow = { spec: { namespaceResourceBlacklist: [{ group: 'rbac.authorization.k8s.io', kind: '*' }] } };
  await kubectl(scene, 'patch', 'appproject', 'bookstore', '-n', namespace, '--type', 'merge', '-p', JSON.stringify(allow));
  await evenkeel(scene, 'app', 'sync', 'bookstore-staging', '--prune');
  await untilApplication(scene, 'bookstore-staging', 'Synced', 'Healthy');
}

interface Wanted {
  readonly name: string;
  readonly path: string;
  readonly project: string;
  readonly namespace?: string;
}

function applicationOf({ host }: Scene, shop: Shop, wanted: Wanted): unknown {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { name: wanted.name, namespace: host.namespace },
    spec: {
      project: wanted.project,
      source: { repoURL: shop.url, path: wanted.path, targetRevision: 'main' },
      destination: { server: 'https://kubernetes.default.svc', namespace: wanted.namespace ?? 'bookstore-dev' },
    },
  };
}

async function apply(scene: Scene, name: string, object: unknown): Promise<void> {
  const file = join(scene.host.folder, `${name}.json`);
  await writeFile(file, JSON.stringify(object));
  await kubectl(scene, 'apply', '-f', file);
}

async function untilCondition(scene: Scene, name: string, type: string): Promise<string> {
  return until(scene, `${name} to have a ${type}`, 60, async () => {
    const conditions = (await application(scene, name))?.status?.conditions ?? [];
    return conditions.find((condition) => condition.type === type)?.message;
  });
}
