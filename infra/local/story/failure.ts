// A bad commit shows, and is taken back.
import { application, type Scene, until, untilApplication } from './scene.ts';
import type { Step } from './story.ts';

export const failure: Step = {
  title: 'A commit whose image never gets ready: Progressing, then Degraded; git revert makes it Healthy again',
  play: async (scene, shop) => {
    const tag = (text: string) =>
      text.replace(/(- name: registry\.example\.com\/bookstore\/catalog\n)(?: {4}\S+: \S+\n)+/, '$1    newTag: never-ready\n');
    await shop.edit('overlays/dev/kustomization.yaml', tag, 'dev: run a build that does not start');
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
