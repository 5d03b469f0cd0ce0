// `npm run clean`: removes the cache folder, after saying which one and how big it is; `--dry-run` only says.
import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { InvalidInput, messageOf } from '../../lib/model/errors.ts';
import { cacheFolder } from './cache/cache.ts';
import { runningHost } from './processes/host-record.ts';
import { clearLeftovers, runningOwners } from './processes/leftovers.ts';

const MB = 1_000_000;

/** InvalidInput while a host or a test run uses the cache. */
async function clean(root: string, dryRun: boolean): Promise<void> {
  const bytes = await sizeOf(root);
  console.log(`${root}: ${Math.round(bytes / MB)} MB${dryRun ? ', left as it is' : ''}`);
  console.log("Go's own caches are not ours to remove; `go clean -cache -modcache` empties them");
  if (dryRun) return;
  if ((await runningHost(root)) !== undefined || (await runningOwners(root)) > 0) {
    throw new InvalidInput('a local host or a test run is using the cache: end it first');
  }
  await clearLeftovers(root);
  await rm(root, { recursive: true, force: true });
  console.log('removed');
}

/** Bytes in all files below a folder; 0 when it is not there. */
async function sizeOf(folder: string): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => []);
  const sizes = await Promise.all(
    entries.map(async (entry) => (entry.isFile() ? (await lstat(join(entry.parentPath, entry.name))).size : 0)),
  );
  return sizes.reduce((total, size) => total + size, 0);
}

try {
  const { values } = parseArgs({ options: { 'dry-run': { type: 'boolean', default: false } } });
  await clean(cacheFolder(), values['dry-run']);
} catch (error) {
  console.error(messageOf(error));
  process.exitCode = 1;
}
