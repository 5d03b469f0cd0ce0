// Repositories over the system git: one look at a remote, one fetch and one checkout serve everyone who asks for the same at the same time.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { ApplicationSource } from '../model/application.ts';
import { InvalidInput, messageOf } from '../model/errors.ts';
import { commitOf, isAbbreviated, isCommit, parseRefs, type Refs, tipStartingWith } from '../model/git-refs.ts';
import type { RepositoryAccess } from '../model/repository.ts';
import type { Checkout, Clock, Credentials, Log, Repositories } from '../ports.ts';
import { CACHE_MIB, cacheBudget } from './cache-budget.ts';
import { CacheRoom } from './cache-room.ts';
import { writeCheckout } from './checkouts.ts';
import { type RemoteOptions, reachGit } from './git-remote.ts';
import { ensureCommit, findCommit, mending } from './git-store.ts';
import { HeldFolders } from './held-folders.ts';
import { Locks } from './locks.ts';
import { Readings } from './readings.ts';

export interface RepositoriesOptions extends RemoteOptions {
  readonly credentials: Credentials;
  /** May be deleted at any time; what is in it is fetched again. */
  readonly cacheDir: string;
  readonly clock: Clock;
  readonly log?: Log;
  readonly limits?: Partial<RepositoryLimits>;
}

export interface RepositoryLimits {
  readonly checkoutBytes: number;
  readonly repositoryBytes: number;
  /** Of each. */
  readonly maxCount: number;
  /** A checkout that nobody here holds, and that was not asked for within this time, may go. */
  readonly idleMs: number;
}

const { checkouts: checkoutBytes, repositories: repositoryBytes } = cacheBudget(CACHE_MIB);
const LIMITS: RepositoryLimits = { checkoutBytes, repositoryBytes, maxCount: 40, idleMs: 5 * 60_000 };

export function createRepositories(options: RepositoriesOptions): Repositories {
  return new GitRepositories(options);
}

class GitRepositories implements Repositories {
  readonly #options: RepositoriesOptions;
  readonly #room: CacheRoom;
  /** Bare repositories that git works on now, or will. */
  readonly #working = new Map<symbol, string>();
  readonly #listings: Readings<Refs>;
  readonly #held = new HeldFolders();
  readonly #locks: Locks;

  constructor(options: RepositoriesOptions) {
    this.#options = options;
    this.#room = this.#roomFor({ ...LIMITS, ...options.limits });
    this.#listings = new Readings(options.clock);
    this.#locks = new Locks(options.timeoutSeconds * 4000);
  }

  async resolveRevision(source: ApplicationSource, notBefore: number, project: string | undefined): Promise<string> {
    const revision = source.targetRevision ?? '';
    if (isCommit(revision)) return revision.toLowerCase();
    const commit = await this.#reach(source.repoURL, project, async (access) => {
      const refs = await this.#listings.at(keyOf(access), notBefore, () => this.#list(access));
      return commitOf(refs, revision, source.tagPrefix) ?? (await this.#abbreviated(access, refs, revision));
    });
    if (commit === undefined) throw new InvalidInput(`unable to resolve '${revision}' to a commit SHA: revision not found`);
    return commit;
  }

  async checkout(source: ApplicationSource, revision: string, project: string | undefined): Promise<Checkout> {
    if (!isCommit(revision)) throw new InvalidInput(`revision '${revision}' is no commit SHA`);
    return this.#reach(source.repoURL, project, (access) => this.#checkout(access, revision));
  }

  /** What is refused is tried once more if the Secrets say something else by now: somebody may have put it right a moment ago. */
  async #reach<T>(repoURL: string, project: string | undefined, work: (access: RepositoryAccess) => Promise<T>): Promise<T> {
    const { credentials } = this.#options;
    const access = await credentials.access(repoURL, project);
    const roomy = (allowed: RepositoryAccess) => this.#room.relieving(() => work(allowed));
    try {
      return await roomy(access);
    } catch (error) {
      if (!(error instanceof InvalidInput)) throw error;
      const other = await credentials.access(repoURL, project, access);
      if (isDeepStrictEqual(other, access)) throw error;
      return roomy(other);
    }
  }

  #checkout(access: RepositoryAccess, revision: string): Promise<Checkout> {
    const path = join(this.#options.cacheDir, 'checkouts', `${keyOf(access)}-${revision}`);
    return this.#held.checkout(path, revision, () => this.#make(path, access, revision));
  }

  async #list(access: RepositoryAccess): Promise<Refs> {
    const started = this.#options.clock();
    const output = await reachGit(this.#options, access, (url) => ['ls-remote', '--quiet', '--', url]);
    this.#options.log?.info('git ls-remote', { repository: access.url, ms: this.#options.clock() - started });
    return parseRefs(output.toString('utf8'));
  }

  async #abbreviated(access: RepositoryAccess, refs: Refs, revision: string): Promise<string | undefined> {
    if (!isAbbreviated(revision)) return undefined;
    const tip = tipStartingWith(refs, revision);
    if (tip !== undefined) return tip;
    const dir = this.#repositoryDir(`${keyOf(access)}-history`);
    return this.#sound(dir, access, () => findCommit(this.#options, dir, access, revision));
  }

  async #make(path: string, access: RepositoryAccess, commit: string): Promise<void> {
    const started = this.#options.clock();
    const dir = this.#repositoryDir(keyOf(access));
    await mkdir(join(this.#options.cacheDir, 'checkouts'), { recursive: true });
    await this.#sound(dir, access, async () => {
      if (existsSync(join(path, 'list'))) return;
      await ensureCommit(this.#options, dir, access, commit);
      await writeCheckout(this.#options, dir, commit, path);
    });
    this.#options.log?.info('git checkout', { repository: access.url, commit, ms: this.#options.clock() - started });
  }

  /** Under the repository's lock, with room on the disk, and with a clone that is made anew where it is damaged. */
  #sound<T>(dir: string, access: RepositoryAccess, work: () => Promise<T>): Promise<T> {
    const told = (damage: Error) =>
      this.#options.log?.warn('git clone damaged, made anew', { repository: access.url, reason: messageOf(damage) });
    const turn = Symbol();
    const done = () => this.#working.delete(turn);
    this.#working.set(turn, dir);
    const hold = () => this.#locks.hold(`${dir.replace('/repositories/', '/locks/')}.lock`, () => mending(dir, work, told)).finally(done);
    return this.#room.filling(hold).finally(done);
  }

  /** On the repository, or on the one that is to take its place. */
  #worksOn(path: string): boolean {
    return [...this.#working.values()].some((dir) => path === dir || path.startsWith(`${dir}.`));
  }

  #repositoryDir(key: string): string {
    return join(this.#options.cacheDir, 'repositories', key);
  }

  #roomFor({ checkoutBytes, repositoryBytes, ...rest }: RepositoryLimits): CacheRoom {
    const at = (name: string) => join(this.#options.cacheDir, name);
    return new CacheRoom([
      { path: at('checkouts'), limits: { maxBytes: checkoutBytes, ...rest }, inUse: (path) => this.#held.inUse(path) },
      { path: at('repositories'), limits: { maxBytes: repositoryBytes, ...rest }, inUse: (path) => this.#worksOn(path) },
    ]);
  }
}

/** Who has other rights has another cache, and whose rights were taken finds none. */
function keyOf({ url, identity }: RepositoryAccess): string {
  return createHash('sha256')
    .update(JSON.stringify([url, identity]))
    .digest('hex')
    .slice(0, 32);
}
