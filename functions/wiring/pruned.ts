// Where what syncs prune is kept: in the bucket, closed by KMS, or in the cache folder. Most syncs prune nothing, and load none of it.
import { join } from 'node:path';
import type { Config } from '../../lib/adapters/config.ts';
import { createPrunedObjects, type PrunedStorage } from '../../lib/adapters/pruned-objects.ts';
import { kept } from '../../lib/adapters/remembered.ts';
import type { Clock, Log, PrunedObjects } from '../../lib/ports.ts';

export function prunedObjects(config: Pick<Config, 'renderBucket' | 'prunedKey' | 'cacheDir'>, clock: Clock, log: Log): PrunedObjects {
  return createPrunedObjects({ storage: kept(() => storageOf(config)), clock, log });
}

async function storageOf({
  renderBucket,
  prunedKey,
  cacheDir,
}: Pick<Config, 'renderBucket' | 'prunedKey' | 'cacheDir'>): Promise<PrunedStorage> {
  if (renderBucket && prunedKey) {
    const [{ createPrunedBucket }, { createKmsCipher }] = await Promise.all([
      import('../../lib/adapters/s3.ts'),
      import('../../lib/adapters/kms.ts'),
    ]);
    return { shelf: createPrunedBucket(renderBucket), cipher: createKmsCipher(prunedKey) };
  }
  const [{ createPrunedFolder }, { createFileCipher }] = await Promise.all([
    import('../../lib/adapters/pruned-folder.ts'),
    import('../../lib/adapters/cipher.ts'),
  ]);
  return { shelf: createPrunedFolder(join(cacheDir, 'pruned')), cipher: createFileCipher(join(cacheDir, 'pruned.key')) };
}
