// The worker may look and not touch; a sync acts as the account that the project names.
import { must, type Scene, tryKubectl } from './scene.ts';
import type { Step } from './story.ts';

const WORKER = 'system:serviceaccount:argocd:evenkeel';
const DEPLOYER = 'system:serviceaccount:bookstore-deployers:bookstore-dev';

export const credential: Step = {
  title: "The worker's own identity cannot create a ConfigMap in dev; the account that the project names can",
  play: async (scene) => {
    must((await canCreate(scene, WORKER)) === 'no', `${WORKER} can create a ConfigMap in bookstore-dev`);
    scene.say(`kubectl auth can-i create configmaps -n bookstore-dev --as ${WORKER}: no`);
    must((await canCreate(scene, DEPLOYER)) === 'yes', `${DEPLOYER} cannot create a ConfigMap in bookstore-dev`);
    scene.say(`kubectl auth can-i create configmaps -n bookstore-dev --as ${DEPLOYER}: yes`);
    must((await canCreate(scene, DEPLOYER, 'bookstore-prod')) === 'no', `${DEPLOYER} can create a ConfigMap in bookstore-prod`);
    scene.say('and in bookstore-prod: no');
  },
};

/** `yes` or `no`; kubectl says no with exit code 1. */
async function canCreate(scene: Scene, who: string, namespace = 'bookstore-dev'): Promise<string> {
  const { stdout } = await tryKubectl(scene, 'auth', 'can-i', 'create', 'configmaps', '-n', namespace, '--as', who);
  return stdout.trim();
}
