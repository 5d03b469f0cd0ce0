// The composition root of reconcile.
import { join } from 'node:path';
import { cacheBudget } from '../../lib/adapters/cache-budget.ts';
import { createClusters } from '../../lib/adapters/clusters.ts';
import type { Config } from '../../lib/adapters/config.ts';
import { createControl } from '../../lib/adapters/control.ts';
import { createCredentials } from '../../lib/adapters/credentials.ts';
import { kept } from '../../lib/adapters/remembered.ts';
import { createFolderShelf } from '../../lib/adapters/render-folder.ts';
import { createRenderPorts } from '../../lib/adapters/render-ports.ts';
import { createRenderStore, type Shelf } from '../../lib/adapters/render-store.ts';
import { createScripts } from '../../lib/adapters/scripts/scripts.ts';
import { createQueue } from '../../lib/adapters/sqs.ts';
import { renderSettings } from '../../lib/desired/settings.ts';
import { resourceSettings } from '../../lib/model/resource-settings.ts';
import { clock, settings } from './container.ts';
import { controlCluster } from './control-cluster.ts';
import { prunedObjects } from './pruned.ts';

export const reconcilePorts = kept(async () => {
  const { config, log } = settings();
  const {
    namespace,
    programs,
    cacheDir,
    cacheMiB,
    toolTimeoutSeconds: timeoutSeconds,
    defaultServiceAccount,
    syncTimeoutSeconds,
    loopback,
    aws,
  } = config;
  const [{ connection, cluster, secret }, shelf] = await Promise.all([controlCluster(config), shelfOf(config)]);
  const control = createControl(cluster, namespace);
  const queue = createQueue(config.queue);
  return {
    ...createRenderPorts({
      programs,
      credentials: createCredentials({ cluster, namespace, clock }),
      cacheDir,
      cacheMiB,
      // Lambda gives each instance a disk of its own.
      cacheShared: aws === undefined,
      clock,
      timeoutSeconds,
      dial: { loopback },
      log,
    }),
    control,
    clusters: createClusters({ control: cluster, connection, namespace, clock, aws }),
    renderSettings: async () => renderSettings(await control.settings(), config.remoteBases),
    resourceSettings: async () => resourceSettings(await control.settings()),
    scripts: createScripts(),
    store: createRenderStore({ shelf, secret: await secret(), clock, log }),
    pruned: prunedObjects(config, clock, log),
    queue,
    postpone: queue.postpone,
    clock,
    log,
    settings: { defaultServiceAccount, syncTimeoutSeconds },
  };
});

/** The S3 client loads while the kubeconfig is fetched, and only where there is a bucket. */
async function shelfOf({ renderBucket, cacheDir, cacheMiB }: Config): Promise<Shelf> {
  if (renderBucket === undefined) return createFolderShelf(join(cacheDir, 'renders'), cacheBudget(cacheMiB).renders);
  const { createBucketShelf } = await import('../../lib/adapters/s3.ts');
  return createBucketShelf(renderBucket);
}
