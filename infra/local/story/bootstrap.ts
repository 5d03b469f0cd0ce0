// Two applies bring three environments; production waits for somebody to ask.
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BOOKSTORE_DIR, withRepository } from '../../kubernetes/examples/bookstore.ts';
import { evenkeel } from './evenkeel.ts';
import { application, kubectl, must, type Scene, untilApplication } from './scene.ts';
import type { Shop } from './shop.ts';
import type { Step } from './story.ts';

export const bootstrap: Step = {
  title: 'Two applies bring the shop up in dev and staging; production waits to be asked',
  play: async (scene, shop) => {
    for (const [index, what] of (await bootstrapFolders(scene, shop)).entries()) {
      await kubectl(scene, 'apply', '--server-side', '-f', what);
      scene.say(`kubectl apply ${index + 1} of 2 is done`);
    }
    for (const name of ['bookstore-dev', 'bookstore-staging']) {
      await untilApplication(scene, name, 'Synced', 'Healthy', 120);
      scene.say(`${name} is Synced and Healthy`);
    }
    const prod = await application(scene, 'bookstore-prod');
    must(prod?.status?.sync?.status === 'OutOfSync', 'bookstore-prod should wait OutOfSync: nobody asked for its sync');
    scene.say('bookstore-prod is OutOfSync and left alone; now: evenkeel app sync bookstore-prod');
    await evenkeel(scene, 'app', 'sync', 'bookstore-prod');
    await untilApplication(scene, 'bookstore-prod', 'Synced', 'Healthy', 120);
    await untilApplication(scene, 'bookstore-root', 'Synced', 'Healthy');
  },
};

/** The two bootstrap steps with the URL that the repository has here. */
async function bootstrapFolders({ host }: Scene, shop: Shop): Promise<readonly string[]> {
  const source = join(BOOKSTORE_DIR, 'bootstrap');
  const project = join(host.folder, 'bootstrap', '1-project');
  await mkdir(project, { recursive: true });
  for (const file of await readdir(join(source, '1-project'))) {
    await writeFile(join(project, file), withRepository(await readFile(join(source, '1-project', file), 'utf8'), shop.url));
  }
  const root = join(host.folder, 'bootstrap', '2-root.yaml');
  await writeFile(root, withRepository(await readFile(join(source, '2-root.yaml'), 'utf8'), shop.url));
  return [project, root];
}
