// What was changed by hand goes back; what the autoscaler changed stays.
import { kubectl, must, read, type Scene, until, untilApplication } from './scene.ts';
import type { Step } from './story.ts';

export const drift: Step = {
  title: 'A scaled Deployment is put back in dev; the autoscaler is left alone in staging',
  play: async (scene) => {
    await healDev(scene);
    await scaleStaging(scene);
  },
};

async function healDev(scene: Scene): Promise<void> {
  await kubectl(scene, 'scale', 'deployment/catalog', '-n', 'bookstore-dev', '--replicas=5');
  const began = Date.now();
  const replicas = async () => (await read(scene, 'deployment', 'catalog', 'bookstore-dev'))?.spec?.replicas;
  await until(
    scene,
    'dev to be healed',
    60,
    async () => ((await replicas()) === 1 ? true : undefined),
    async () => `${await replicas()} replicas`,
  );
  scene.say(`catalog in dev is back to 1 replica after ${((Date.now() - began) / 1000).toFixed(1)} s`);
  await untilApplication(scene, 'bookstore-dev', 'Synced', 'Healthy');
}

async function scaleStaging(scene: Scene): Promise<void> {
  const replicas = async () => (await read(scene, 'deployment', 'catalog', 'bookstore-staging'))?.spec?.replicas ?? 0;
  const before = await replicas();
  await scene.host.setCpu('bookstore-staging', 'catalog', 900);
  const scaled = await until(scene, 'the autoscaler to scale catalog', 60, async () =>
    (await replicas()) > before ? await replicas() : undefined,
  );
  await someTicks(scene, 3);
  must((await replicas()) >= scaled, 'the replicas that the autoscaler set were put back');
  await untilApplication(scene, 'bookstore-staging', 'Synced', 'Healthy');
  scene.say(`load made the autoscaler scale catalog in staging from ${before} to ${await replicas()}; it is still Synced`);
  await scene.host.setCpu('bookstore-staging', 'catalog', 100);
}

/** Lets so many sweeps go by. */
async function someTicks(scene: Scene, ticks: number): Promise<void> {
  const end = Date.now() + ticks * scene.host.sweepSeconds * 1000;
  await until(scene, 'some sweeps', ticks * scene.host.sweepSeconds + 5, async () => (Date.now() > end ? true : undefined));
}
