// Single files at http and https URLs, for kustomizations and value files that name one: fetched without any credential, and kept by URL and
// content, so that a folder that somebody reads never changes.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { get as getPlain, type IncomingMessage } from 'node:http';
import { get as getSecure } from 'node:https';
import { join } from 'node:path';
import { InvalidInput, messageOf, Unavailable } from '../model/errors.ts';
import { withoutUserinfo } from '../model/git-url.ts';
import { DOWNLOADED_NAME as NAME } from '../model/rendering.ts';
import { repositoryUrl } from '../model/repository-url.ts';
import { treeOf } from '../model/tree.ts';
import type { Checkout, Downloads } from '../ports.ts';
import { CACHE_MIB, cacheBudget } from './cache-budget.ts';
import { SIZE_FILE, touch } from './cache-folder.ts';
import { CacheRoom } from './cache-room.ts';
import { type DialRules, guardedLookup, refuseHost } from './dialed-address.ts';

export interface DownloadsOptions {
  /** May be deleted at any time; what is in it is fetched again. */
  readonly cacheDir: string;
  readonly timeoutSeconds: number;
  readonly dial: DialRules;
  readonly maxBytes?: number;
}

const MAX_BYTES = 32 * 1024 * 1024;
const MAX_REDIRECTS = 5;
/** Nobody holds a file: what was asked for of late may be read by somebody. */
const LIMITS = { maxCount: 500, idleMs: 5 * 60_000 };

export function createDownloads(options: DownloadsOptions): Downloads {
  const { cacheDir, maxBytes = cacheBudget(CACHE_MIB).downloads } = options;
  const dir = join(cacheDir, 'downloads');
  const room = new CacheRoom([{ path: dir, limits: { ...LIMITS, maxBytes }, inUse: () => false }]);
  return {
    download: async (url, notBefore) => {
      const name = join(dir, hashOf(url).slice(0, 32));
      const known = await kept(name, notBefore);
      if (known !== undefined) return fileIn(name, known);
      const content = await fetched(url, options);
      await room.relieving(() => room.filling(() => keep(name, content)));
      return fileIn(name, hashOf(content));
    },
  };
}

function hashOf(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

/** The digest that was fetched last, if that was recent enough and is still there. Its file's time is when it was fetched. */
async function kept(name: string, notBefore: number): Promise<string | undefined> {
  const found = await stat(`${name}.digest`).catch(() => undefined);
  if (found === undefined || found.mtimeMs < notBefore) return undefined;
  const digest = await readFile(`${name}.digest`, 'utf8').catch(() => '');
  return existsSync(join(folderOf(name, digest), NAME)) ? digest : undefined;
}

function folderOf(name: string, digest: string): string {
  return `${name}-${digest}`;
}

async function fileIn(name: string, digest: string): Promise<Checkout> {
  const dir = folderOf(name, digest);
  await touch(dir);
  const files = {
    tree: treeOf(new Map([[NAME, { kind: 'file', hash: digest }]])),
    read: (path: string) => (path === NAME ? readFileSync(join(dir, NAME), 'utf8') : undefined),
  };
  return { dir, revision: `sha256:${digest}`, files, release: () => undefined };
}

/** Whole under its name, or not there; of two that bring the same content the first stays. */
async function keep(name: string, content: Buffer): Promise<void> {
  const folder = folderOf(name, hashOf(content));
  await mkdir(join(name, '..'), { recursive: true });
  const aside = await mkdtemp(`${name}.new-`);
  try {
    await writeFile(join(aside, NAME), content);
    await writeFile(join(aside, SIZE_FILE), String(content.length));
    await writeFile(join(aside, 'digest'), hashOf(content));
    await rename(join(aside, 'digest'), `${name}.digest`);
    await rename(aside, folder);
  } catch (cause) {
    await rm(aside, { recursive: true, force: true });
    if (!existsSync(join(folder, NAME))) throw cause;
  }
}

/** A redirect is followed to wherever it leads, except to what serves a machine's credentials. */
async function fetched(url: string, { timeoutSeconds, dial }: DownloadsOptions): Promise<Buffer> {
  const shown = withoutUserinfo(url).replace(/[?#].*$/, '');
  const signal = AbortSignal.timeout(timeoutSeconds * 1000);
  let at = url;
  for (let hop = 0; hop <= MAX_REDIRECTS; hop += 1) {
    const response = await answerOf(repositoryUrl(at).url, shown, signal, dial);
    const { statusCode = 0, headers } = response;
    if (statusCode < 300 || statusCode >= 400 || headers.location === undefined) return contentOf(response, shown);
    response.destroy();
    at = new URL(headers.location, at).href;
  }
  throw new InvalidInput(`${shown} redirects more than ${MAX_REDIRECTS} times`);
}

function answerOf(address: string, shown: string, signal: AbortSignal, dial: DialRules): Promise<IncomingMessage> {
  const url = new URL(address);
  if (!/^https?:$/.test(url.protocol)) throw new InvalidInput(`${shown} leads to ${url.protocol}//, which is no http or https URL`);
  refuseHost(url.hostname, dial);
  return new Promise((resolve, reject) => {
    const get = url.protocol === 'https:' ? getSecure : getPlain;
    get(url, { signal, lookup: guardedLookup(dial), agent: false }, resolve).once('error', (cause) => {
      if (cause instanceof InvalidInput) reject(cause);
      else reject(new Unavailable(`${shown} does not answer: ${messageOf(cause)}`, { cause }));
    });
  });
}

async function contentOf(response: IncomingMessage, shown: string): Promise<Buffer> {
  const { statusCode = 0 } = response;
  if (statusCode >= 500 || statusCode === 429) throw new Unavailable(`${shown} answered ${statusCode}`);
  if (statusCode !== 200) throw new InvalidInput(`${shown} answered ${statusCode}: it is not there, or not for everybody`);
  try {
    return await bounded(response, shown);
  } catch (cause) {
    throw cause instanceof InvalidInput ? cause : new Unavailable(`${shown} does not answer whole: ${messageOf(cause)}`, { cause });
  }
}

async function bounded(response: IncomingMessage, shown: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    size += chunk.length;
    if (size > MAX_BYTES) throw new InvalidInput(`${shown} is larger than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
