// Repositories over the system git: one look at a remote, one fetch and one checkout serve everyone who asks for the same at the same time.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ApplicationSource } from '../model/application.ts';
import { InvalidInput } from '../model/errors.ts';
import { commitOf, isAbbreviated, isCommit, parseRefs, type Refs, tipStartingWith } from '../model/git-refs.ts';
import type { Checkout, Clock, Log, Repositories } from '../ports.ts';
import { shrink, touch } from './cache-folder.ts';
import { type CommitFolder, readCheckout, writeCheckout } from './checkouts.ts';
import { withFileLock } from './file-lock.ts';
import { remoteOf, runGit } from './git-command.ts';
import { ensureCommit, findCommit } from './git-store.ts';

export interface RepositoriesOptions {
  /** Path, or a name to be found on PATH. */
  readonly git: string;
  /** May be deleted at any time; what is in it is fetched again. */
  readonly cacheDir: string;
  readonly clock: Clock;
  readonly timeoutSeconds: number;
  readonly log?: Log;
  readonly limits?: Partial<RepositoryLimits>;
}

export interface RepositoryLimits {
  readonly maxBytes: number;
  readonly maxCount: number;
  /** A checkout that nobody here holds, and that was not asked for within this time, may go. */
  readonly idleMs: number;
}

interface Listing {
  /** When the reading began, by the clock of this machine. */
  readonly readAt: number;
  /** Whom it was made for: it is later than what they know of, even if their clock is ahead. */
  readonly notBefore: number;
  readonly refs: Promise<Refs>;
}

interface Held {
  readonly folder: Promise<CommitFolder>;
  holders: number;
}

const LIMITS: RepositoryLimits = { maxBytes: 2 * 1024 ** 3, maxCount: 40, idleMs: 5 * 60_000 };
const MAX_LISTINGS = 500;
/** Trees of commits that nobody holds, kept in memory. */
const MAX_FOLDERS = 16;

export function createRepositories(options: RepositoriesOptions): Repositories {
  return new GitRepositories(options);
}

class GitRepositories implements Repositories {
  readonly #options: RepositoriesOptions;
  readonly #limits: RepositoryLimits;
  readonly #listings = new Map<string, Listing>();
  readonly #held = new Map<string, Held>();
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(options: RepositoriesOptions) {
    this.#options = options;
    this.#limits = { ...LIMITS, ...options.limits };
  }

  async resolveRevision(source: ApplicationSource, notBefore: number): Promise<string> {
    const revision = source.targetRevision ?? '';
    if (isCommit(revision)) return revision.toLowerCase();
    const refs = await this.#refs(source.repoURL, notBefore);
    const commit = commitOf(refs, revision, source.tagPrefix) ?? (await this.#abbreviated(source.repoURL, refs, revision));
    if (commit === undefined) throw new InvalidInput(`unable to resolve '${revision}' to a commit SHA: revision not found`);
    return commit;
  }

  async checkout(source: ApplicationSource, revision: string): Promise<Checkout> {
    if (!isCommit(revision)) throw new InvalidInput(`revision '${revision}' is no commit SHA`);
    const path = join(this.#options.cacheDir, 'checkouts', `${keyOf(source.repoURL)}-${revision}`);
    const held = this.#take(path, source.repoURL, revision);
    const release = once(() => {
      held.holders -= 1;
    });
    try {
      const folder = await held.folder;
      await touch(path);
      return { dir: folder.dir, files: folder.files, revision, release };
    } catch (error) {
      release();
      throw error;
    }
  }

  /** The references as they were at `notBefore` or later. A reading that is under way, and began late enough, is waited for. */
  #refs(repoURL: string, notBefore: number): Promise<Refs> {
    const known = this.#listings.get(repoURL);
    if (known && (known.readAt >= notBefore || known.notBefore === notBefore)) return known.refs;
    const readAt = this.#options.clock();
    const refs = this.#list(repoURL);
    remember(this.#listings, repoURL, { readAt, notBefore, refs }, MAX_LISTINGS);
    refs.catch(() => {
      if (this.#listings.get(repoURL)?.refs === refs) this.#listings.delete(repoURL);
    });
    return refs;
  }

  async #list(repoURL: string): Promise<Refs> {
    const remote = remoteOf(repoURL);
    const started = this.#options.clock();
    const output = await runGit(this.#options, { remote, args: ['ls-remote', '--quiet', '--', remote.url] });
    this.#options.log?.info('git ls-remote', { repository: remote.url, ms: this.#options.clock() - started });
    return parseRefs(output.toString('utf8'));
  }

  async #abbreviated(repoURL: string, refs: Refs, revision: string): Promise<string | undefined> {
    if (!isAbbreviated(revision)) return undefined;
    const tip = tipStartingWith(refs, revision);
    if (tip !== undefined) return tip;
    const dir = this.#repositoryDir(`${keyOf(repoURL)}-history`);
    return this.#locked(dir, () => findCommit(this.#options, dir, remoteOf(repoURL), revision));
  }

  /** Counts one more holder of a commit's folder, which is made unless it is there. */
  #take(path: string, repoURL: string, commit: string): Held {
    const known = this.#held.get(path);
    const usable = known !== undefined && (known.holders > 0 || existsSync(join(path, 'list')));
    const held = usable ? known : { folder: this.#folder(path, repoURL, commit), holders: 0 };
    held.holders += 1;
    remember(this.#held, path, held, MAX_FOLDERS, (other) => other.holders > 0);
    if (!usable) {
      held.folder.catch(() => {
        if (this.#held.get(path) === held) this.#held.delete(path);
      });
    }
    return held;
  }

  async #folder(path: string, repoURL: string, commit: string): Promise<CommitFolder> {
    if (!existsSync(join(path, 'list'))) await this.#make(path, repoURL, commit);
    return readCheckout(path);
  }

  async #make(path: string, repoURL: string, commit: string): Promise<void> {
    const remote = remoteOf(repoURL);
    const started = this.#options.clock();
    const dir = this.#repositoryDir(keyOf(repoURL));
    await mkdir(join(this.#options.cacheDir, 'checkouts'), { recursive: true });
    await this.#locked(dir, async () => {
      if (existsSync(join(path, 'list'))) return;
      await ensureCommit(this.#options, dir, remote, commit);
      await writeCheckout(this.#options, dir, commit, path);
    });
    this.#options.log?.info('git checkout', { repository: remote.url, commit, ms: this.#options.clock() - started });
    await this.#shrink();
  }

  /** In this process in turn, between processes by a lock file. */
  #locked<T>(dir: string, work: () => Promise<T>): Promise<T> {
    const maxHeldMs = this.#options.timeoutSeconds * 4000;
    const locked = () => withFileLock(`${dir.replace('/repositories/', '/locks/')}.lock`, maxHeldMs, work);
    const turn = (this.#turns.get(dir) ?? Promise.resolve()).then(locked, locked);
    const done = turn
      .catch(() => undefined)
      .finally(() => {
        if (this.#turns.get(dir) === done) this.#turns.delete(dir);
      });
    this.#turns.set(dir, done);
    return turn;
  }

  #repositoryDir(key: string): string {
    return join(this.#options.cacheDir, 'repositories', key);
  }

  async #shrink(): Promise<void> {
    const now = Date.now(); // Files carry the machine's own time.
    const { cacheDir } = this.#options;
    const inUse = (path: string) => (this.#held.get(path)?.holders ?? 0) > 0;
    await shrink(join(cacheDir, 'checkouts'), this.#limits, now, inUse);
    await shrink(join(cacheDir, 'repositories'), this.#limits, now);
  }
}

/** With the user name and password: who has other rights has another cache. */
function keyOf(repoURL: string): string {
  return createHash('sha256').update(repoURL).digest('hex').slice(0, 32);
}

/** Keeps the latest entries; the oldest that `keep` does not hold go. */
function remember<T>(map: Map<string, T>, key: string, value: T, most: number, keep: (value: T) => boolean = () => false): void {
  map.delete(key);
  map.set(key, value);
  for (const [oldest, entry] of map) {
    if (map.size <= most) return;
    if (!keep(entry)) map.delete(oldest);
  }
}

function once(work: () => void): () => void {
  let done = false;
  return () => {
    if (!done) work();
    done = true;
  };
}
