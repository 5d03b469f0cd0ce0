// Begins a cache entry and never finishes it, for tests that kill it: `node make-and-hang.ts CACHE_FOLDER`.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cached } from '../../infra/local/cache/cache.ts';

await cached(process.argv[2] ?? '', { name: 'things', key: 'one' }, makeHalf, { progress: (line) => console.log(line) });

async function makeHalf(folder: string): Promise<void> {
  await writeFile(join(folder, 'half'), 'half of it');
  console.log('making');
  setInterval(() => undefined, 60_000);
  await new Promise(() => undefined);
}
