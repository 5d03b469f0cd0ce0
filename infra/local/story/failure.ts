// A bad commit shows, and is taken back.
import { join } from 'node:path';
import { application, execute, must, type Scene, until, untilApplication } from './scene.ts';
import { CATALOG } from './shop.ts';
import type { Step } from './story.ts';

export const failure: Step = {
  title: 'A commit whose image never gets ready: Progressing, then Degraded; git revert makes it Healthy again',
  play: async (scene, shop) => {
    await shop.change('dev: run a build that does not start', (dir) => runBuild(scene, dir, 'never-ready'));
    await untilHealth(scene, 'Progressing');
    scene.say('bookstore-dev is Progressing');
    await untilHealth(scene, 'Degraded');
    scene.say(`bookstore-dev is Degraded: ${(await application(scene, 'bookstore-dev'))?.status?.health?.message ?? ''}`);
    await shop.revert();
    await untilApplication(scene, 'bookstore-dev', 'Synced', 'Healthy');
    scene.say('after git revert and push it is Healthy again');
  },
};

async function untilHealth(scene: Scene, health: string): Promise<void> {
  const ask = async () => ((await application(scene, 'bookstore-dev'))?.status?.health?.status === health ? true : undefined);
  await until(scene, `bookstore-dev to be ${health}`, 60, ask);
}

/** Sets the image of the catalog in dev by tag, as a developer in a hurry does. */
async function runBuild({ host, signal }: Scene, dir: string, tag: string): Promise<void> {
  const args = ['edit', 'set', 'image', `${CATALOG}=${CATALOG}:${tag}`];
  const { code, stderr } = await execute(host.tools.kustomize, args, { cwd: join(dir, 'overlays/dev'), signal });
  must(code === 0, `kustomize ${args.join(' ')}: ${stderr}`);
}
