// A file removed in Git: pruned where the policy says so, reported where it does not.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { application, must, read, type Scene, until, untilApplication } from './scene.ts';
import { rewrite } from './shop.ts';
import type { Step } from './story.ts';

const FILE = 'base/announcement.yaml';
const NAME = 'announcement';

export const prune: Step = {
  title: 'A file removed in Git is pruned in dev and reported as to be pruned in prod',
  play: async (scene, shop) => {
    const name = await nameIn(scene);
    await shop.change('take the announcement down', async (dir) => {
      await rm(join(dir, FILE));
      await rewrite(join(dir, 'base/kustomization.yaml'), (text) => text.replace(/^ {2}- announcement\.yaml\n/m, ''));
    });
    await until(scene, 'the announcement to be pruned in dev', 60, async () =>
      (await read(scene, 'configmap', name, 'bookstore-dev')) ? undefined : true,
    );
    scene.say('the ConfigMap is gone in dev');
    const row = await until(scene, 'prod to report it', 60, () => pruneRow(scene, name));
    must(row.status === 'OutOfSync', `prod shows the object as ${row.status}`);
    must((await read(scene, 'configmap', name, 'bookstore-prod')) !== undefined, 'the object was pruned in prod though nobody asked');
    scene.say('prod says OutOfSync, requires pruning, and keeps it');
    await untilApplication(scene, 'bookstore-dev', 'Synced', 'Healthy');
  },
};

async function nameIn(scene: Scene): Promise<string> {
  const rows = (await application(scene, 'bookstore-dev'))?.status?.resources ?? [];
  const row = rows.find((candidate) => candidate.kind === 'ConfigMap' && candidate.name.includes(NAME));
  if (!row) throw new Error('bookstore-dev has no ConfigMap of the announcement');
  return row.name;
}

async function pruneRow(scene: Scene, name: string) {
  const rows = (await application(scene, 'bookstore-prod'))?.status?.resources ?? [];
  return rows.find((row) => row.kind === 'ConfigMap' && row.name === name && row.requiresPruning);
}
