// A worker dies between two applies, and another one after the last apply but before it wrote that down. The sync finishes all the same.
import { type Intercepted, startInterceptor } from '../interceptor.ts';
import { application, must, read, type Scene, until, untilApplication } from './scene.ts';
import type { Shop } from './shop.ts';
import type { Step } from './story.ts';

export const crash: Step = {
  title: 'Killed between two applies, and again before the last status write: the sync finishes, nothing is done twice',
  play: async (scene, shop) => {
    await killedAt(scene, shop, 'between two apply requests', 'spring', afterOneApply());
    await killedAt(scene, shop, 'after the last apply, before the status write', 'summer', afterAllApplies());
  },
};

/** Says at which request the worker dies; the request itself never arrives. */
type Trap = (request: Intercepted) => boolean;

const isApply = ({ method, url, contentType }: Intercepted) =>
  method === 'PATCH' &&
  contentType.startsWith('application/apply-patch') &&
  url.includes('/namespaces/bookstore-dev/') &&
  !url.includes('dryRun') &&
  !url.includes('/jobs/');

const isStatusWrite = ({ method, url }: Intercepted) => method === 'PATCH' && url.includes('/applications/bookstore-dev');

/** What relabelled() changes: service account, settings, service, deployment. */
const OBJECTS_OF_CATALOG = 4;

function afterOneApply(): Trap {
  let applies = 0;
  return (request) => {
    if (!isApply(request)) return false;
    applies += 1;
    return applies === 2;
  };
}

function afterAllApplies(): Trap {
  let applies = 0;
  let sprung = false;
  return (request) => {
    if (isApply(request)) applies += 1;
    if (sprung || applies < OBJECTS_OF_CATALOG || !isStatusWrite(request)) return false;
    sprung = true;
    return true;
  };
}

async function killedAt(scene: Scene, shop: Shop, where: string, season: string, trap: Trap): Promise<void> {
  const before = await untouched(scene);
  let killed = 0;
  const interceptor = await startInterceptor(scene.host.controlPlane, (request) => {
    if (!trap(request)) return true;
    killed += 1;
    scene.host.killWorkers();
    return false;
  });
  try {
    await scene.host.route(interceptor.url);
    await shop.edit('base/catalog.yaml', relabelled(season), `catalog and its service: ${season}`);
    await until(scene, `the worker to die ${where}`, 60, async () => (killed > 0 ? true : undefined));
    scene.say(`SIGKILL ${where}`);
    const revision = await shop.git('rev-parse', 'HEAD');
    await until(
      scene,
      'the sync to finish',
      90,
      async () => finishedAt(scene, revision),
      async () => JSON.stringify((await application(scene, 'bookstore-dev'))?.status?.operationState?.message),
    );
  } finally {
    await scene.host.route(undefined);
    await interceptor.close();
  }
  await untilApplication(scene, 'bookstore-dev', 'Synced', 'Healthy');
  must((await untouched(scene)) === before, 'an object that the commit does not touch was made anew');
  scene.say('the message came back, the sync finished, nothing else was touched');
}

/** A label on the objects of the catalog: several applies, no new pods. */
function relabelled(season: string): (text: string) => string {
  return (text) =>
    text
      .replaceAll(/^ {2}labels:\n {4}bookstore\.example\.com\/season: .*\n/gm, '')
      .replaceAll(/^metadata:\n((?: {2}name: .*\n))/gm, `metadata:\n$1  labels:\n    bookstore.example.com/season: ${season}\n`);
}

async function finishedAt(scene: Scene, revision: string): Promise<true | undefined> {
  const app = await application(scene, 'bookstore-dev');
  const { operationState, sync } = app?.status ?? {};
  return !app?.operation && operationState?.phase === 'Succeeded' && sync?.revision === revision ? true : undefined;
}

/** The identity of objects that nobody changes. */
async function untouched(scene: Scene): Promise<string> {
  const names = [
    ['deployment', 'orders'],
    ['statefulset', 'postgres'],
    ['service', 'storefront'],
  ] as const;
  const objects = await Promise.all(names.map(([kind, name]) => read(scene, kind, name, 'bookstore-dev')));
  return objects.map((object) => `${object?.metadata.uid}@${object?.metadata.generation ?? 0}`).join(' ');
}
