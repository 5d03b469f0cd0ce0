// Deleting the root takes everything that it brought.
import { evenkeel } from './evenkeel.ts';
import { kubectl, type Scene, until } from './scene.ts';
import type { Step } from './story.ts';

export const farewell: Step = {
  title: 'evenkeel app delete bookstore-root --cascade: children and workloads go, nothing of ours is left',
  play: async (scene) => {
    await evenkeel(scene, 'app', 'delete', 'bookstore-root', '--cascade', '--yes');
    await until(
      scene,
      'all Applications to go',
      120,
      () => isEmpty(scene, 'applications', scene.host.namespace),
      () => left(scene, 'applications', scene.host.namespace),
    );
    for (const environment of ['dev', 'staging', 'prod']) {
      const namespace = `bookstore-${environment}`;
      await until(scene, `namespace ${namespace} to go`, 90, async () =>
        (await names(scene, 'namespaces')).includes(namespace) ? undefined : true,
      );
    }
    const classes = (await names(scene, 'priorityclasses')).filter((name) => name.startsWith('bookstore-'));
    if (classes.length > 0) throw new Error(`priority classes are left: ${classes.join(', ')}`);
    scene.say('no Application, no namespace and no priority class of the shop is left');
  },
};

async function names(scene: Scene, kind: string, namespace = 'default'): Promise<readonly string[]> {
  const text = await kubectl(scene, 'get', kind, '-n', namespace, '-o', 'jsonpath={.items[*].metadata.name}');
  return text.split(' ').filter((name) => name !== '');
}

async function isEmpty(scene: Scene, kind: string, namespace: string): Promise<true | undefined> {
  return (await names(scene, kind, namespace)).length === 0 ? true : undefined;
}

async function left(scene: Scene, kind: string, namespace: string): Promise<string> {
  return (await names(scene, kind, namespace)).join(', ');
}
