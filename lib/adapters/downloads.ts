// Single files at http and https URLs, for kustomizations that name one: fetched once, without any credential, kept by their URL.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InvalidInput, messageOf, Unavailable } from '../model/errors.ts';
import { withoutUserinfo } from '../model/git-url.ts';
import { DOWNLOADED_NAME as NAME } from '../model/rendering.ts';
import { repositoryUrl } from '../model/repository-url.ts';
import { treeOf } from '../model/tree.ts';
import type { Checkout, Downloads } from '../ports.ts';
import { shrink, touch } from './cache-folder.ts';

export interface DownloadsOptions {
  /** May be deleted at any time; what is in it is fetched again. */
  readonly cacheDir: string;
  readonly timeoutSeconds: number;
}

const MAX_BYTES = 32 * 1024 * 1024;
const MAX_REDIRECTS = 5;
const LIMITS = { maxBytes: 256 * 1024 * 1024, maxCount: 500, idleMs: 5 * 60_000 };

export function createDownloads({ cacheDir, timeoutSeconds }: DownloadsOptions): Downloads {
  const dir = join(cacheDir, 'downloads');
  return {
    download: async (url, notBefore) => {
      const folder = join(dir, createHash('sha256').update(url).digest('hex').slice(0, 32));
      if (!(await isThere(folder, notBefore))) {
        await keep(folder, await fetched(url, timeoutSeconds));
        await shrink(dir, LIMITS, Date.now());
      }
      await touch(folder);
      return fileIn(folder);
    },
  };
}

/** The file's own time is when it was fetched; the folder's, when it was used. */
async function isThere(folder: string, notBefore: number): Promise<boolean> {
  const found = await stat(join(folder, NAME)).catch(() => undefined);
  return found !== undefined && found.mtimeMs >= notBefore;
}

async function fileIn(dir: string): Promise<Checkout> {
  const hash = createHash('sha256')
    .update(await readFile(join(dir, NAME)))
    .digest('hex');
  const files = {
    tree: treeOf(new Map([[NAME, { kind: 'file', hash }]])),
    read: (path: string) => (path === NAME ? readFileSync(join(dir, NAME), 'utf8') : undefined),
  };
  return { dir, revision: `sha256:${hash}`, files, release: () => undefined };
}

/** Whole under its name, or not there. */
async function keep(folder: string, content: Buffer): Promise<void> {
  await mkdir(join(folder, '..'), { recursive: true });
  const aside = await mkdtemp(`${folder}.new-`);
  await writeFile(join(aside, NAME), content);
  await rename(aside, folder).catch(async (cause: unknown) => {
    if (!existsSync(join(folder, NAME))) throw cause;
    // Whoever reads the older one now has it open, or finds the new one under the same name.
    await rename(join(aside, NAME), join(folder, NAME));
    await rm(aside, { recursive: true, force: true });
  });
}

/** A redirect is followed to wherever it leads, except to what serves a machine's credentials. */
async function fetched(url: string, timeoutSeconds: number): Promise<Buffer> {
  const shown = withoutUserinfo(url).replace(/[?#].*$/, '');
  const signal = AbortSignal.timeout(timeoutSeconds * 1000);
  let at = url;
  for (let hop = 0; hop <= MAX_REDIRECTS; hop += 1) {
    const response = await answerOf(repositoryUrl(at).url, shown, signal);
    const location = response.headers.get('location');
    if (response.status < 300 || response.status >= 400 || location === null) return contentOf(response, shown);
    await response.body?.cancel();
    at = new URL(location, at).href;
  }
  throw new InvalidInput(`${shown} redirects more than ${MAX_REDIRECTS} times`);
}

async function answerOf(url: string, shown: string, signal: AbortSignal): Promise<Response> {
  try {
    return await fetch(url, { redirect: 'manual', signal });
  } catch (cause) {
    throw new Unavailable(
      `${shown} does not answer: ${cause instanceof Error && cause.cause ? messageOf(cause.cause) : messageOf(cause)}`,
      { cause },
    );
  }
}

async function contentOf(response: Response, shown: string): Promise<Buffer> {
  if (response.status >= 500 || response.status === 429) throw new Unavailable(`${shown} answered ${response.status}`);
  if (!response.ok) throw new InvalidInput(`${shown} answered ${response.status}: it is not there, or not for everybody`);
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > MAX_BYTES) throw new InvalidInput(`${shown} is larger than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
