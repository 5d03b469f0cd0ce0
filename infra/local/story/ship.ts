// A push concerns exactly those who read what it changed, and goes live; without a webhook the resync finds it.
import { application, must, read, type Scene, until, untilApplication } from './scene.ts';
import { CATALOG, type Shop } from './shop.ts';
import type { Step } from './story.ts';

const FIRST = `sha256:${'1'.repeat(64)}`;
const SECOND = `sha256:${'2'.repeat(64)}`;

export const ship: Step = {
  title: 'The CI script bumps an image: the push is live; promotion moves it on; without a webhook it comes with the resync',
  play: async (scene, shop) => {
    await bump(scene, shop);
    await whoIsConcerned(scene, shop);
    await promote(scene, shop);
    await withoutWebhook(scene, shop);
  },
};

async function bump(scene: Scene, shop: Shop): Promise<void> {
  const commit = await shop.bumpImage('dev', CATALOG, FIRST);
  const pushed = Date.now();
  await untilImage(scene, 'bookstore-dev', FIRST);
  scene.say(`catalog runs the new digest in dev ${Date.now() - pushed} ms after the push`);
  await expectEnqueued(scene, commit, ['bookstore-dev']);
  await untilApplication(scene, 'bookstore-dev', 'Synced', 'Healthy');
}

async function whoIsConcerned(scene: Scene, shop: Shop): Promise<void> {
  const all = await shop.edit(
    'base/announcement.yaml',
    (text) => text.replace(/^data:\n/m, 'data:\n  season: autumn\n'),
    'announce autumn',
  );
  await expectEnqueued(scene, all, ['bookstore-dev', 'bookstore-prod', 'bookstore-staging']);
  scene.say('a change in base/ enqueued all three environments');
  const none = await shop.edit('README.md', (text) => `${text}\nOpen all week.\n`, 'say when the shop is open');
  await expectEnqueued(scene, none, []);
  scene.say('a change of the README enqueued none');
  for (const name of ['bookstore-dev', 'bookstore-staging']) await untilApplication(scene, name, 'Synced', 'Healthy');
}

async function promote(scene: Scene, shop: Shop): Promise<void> {
  const commit = await shop.promote('dev', 'staging', CATALOG);
  await expectEnqueued(scene, commit, ['bookstore-staging']);
  await untilImage(scene, 'bookstore-staging', FIRST);
  scene.say('the same digest is promoted to staging');
  await untilApplication(scene, 'bookstore-staging', 'Synced', 'Healthy');
}

async function withoutWebhook(scene: Scene, shop: Shop): Promise<void> {
  scene.host.setWebhook(false);
  try {
    await shop.bumpImage('dev', CATALOG, SECOND);
    const pushed = Date.now();
    const seconds = scene.host.resyncSeconds * 1.4 + scene.host.sweepSeconds * 2 + 10;
    await untilImage(scene, 'bookstore-dev', SECOND, seconds);
    scene.say(`with the webhook off it took ${((Date.now() - pushed) / 1000).toFixed(1)} s (resync every ${scene.host.resyncSeconds} s)`);
  } finally {
    scene.host.setWebhook(true);
  }
  await untilApplication(scene, 'bookstore-dev', 'Synced', 'Healthy');
}

/** Exactly these Applications were enqueued by the push of a commit. */
async function expectEnqueued(scene: Scene, commit: string, names: readonly string[]): Promise<void> {
  const answer = await until(scene, `the webhook to answer to ${commit}`, 15, async () =>
    scene.host.deliveries().find((delivery) => delivery.commit === commit),
  );
  const body: unknown = JSON.parse(answer.body);
  const enqueued = (body as { readonly enqueued?: readonly string[] }).enqueued ?? []; // the webhook's own answer
  const expected = names.map((name) => `${scene.host.namespace}/${name}`).join(', ');
  const actual = [...enqueued].sort().join(', ');
  must(answer.status === 202 && actual === expected, `the push enqueued [${actual}] (status ${answer.status}), expected [${expected}]`);
}

async function untilImage(scene: Scene, namespace: string, digest: string, seconds = 60): Promise<void> {
  const image = async () => (await read(scene, 'deployment', 'catalog', namespace))?.spec?.template?.spec?.containers?.[0]?.image ?? '';
  await until(
    scene,
    `catalog in ${namespace} to run ${digest.slice(0, 14)}…`,
    seconds,
    async () => ((await image()).endsWith(digest) ? true : undefined),
    async () => `${await image()}; ${(await application(scene, namespace))?.status?.operationState?.message ?? ''}`,
  );
}
