// Repositories over the system git: one look at a remote, one fetch and one checkout serve everyone who asks for the same at the same time.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ApplicationSource } from '../model/application.ts';
import { InvalidInput } from '../model/errors.ts';
import { commitOf, isAbbreviated, isCommit, parseRefs, type Refs, tipStartingWith } from '../model/git-refs.ts';
import type { Checkout, Clock, Log, Repositories } from '../ports.ts';
import { shrink } from './cache-folder.ts';
import { writeCheckout } from './checkouts.ts';
import { remoteOf, runGit } from './git-command.ts';
import { ensureCommit, findCommit } from './git-store.ts';
import { HeldFolders } from './held-folders.ts';
import { Locks } from './locks.ts';
import { Readings } from './readings.ts';

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

const LIMITS: RepositoryLimits = { maxBytes: 2 * 1024 ** 3, maxCount: 40, idleMs: 5 * 60_000 };

export function createRepositories(options: RepositoriesOptions): Repositories {
  return new GitRepositories(options);
}

class GitRepositories implements Repositories {
  readonly #options: RepositoriesOptions;
  readonly #limits: RepositoryLimits;
  readonly #listings: Readings<Refs>;
  readonly #held = new HeldFolders();
  readonly #locks: Locks;

  constructor(options: RepositoriesOptions) {
    this.#options = options;
    this.#limits = { ...LIMITS, ...options.limits };
    this.#listings = new Readings(options.clock);
    this.#locks = new Locks(options.timeoutSeconds * 4000);
  }

  async resolveRevision(source: ApplicationSource, notBefore: number): Promise<string> {
    const revision = source.targetRevision ?? '';
    if (isCommit(revision)) return revision.toLowerCase();
    const refs = await this.#listings.at(source.repoURL, notBefore, () => this.#list(source.repoURL));
    const commit = commitOf(refs, revision, source.tagPrefix) ?? (await this.#abbreviated(source.repoURL, refs, revision));
    if (commit === undefined) throw new InvalidInput(`unable to resolve '${revision}' to a commit SHA: revision not found`);
    return commit;
  }

  async checkout(source: ApplicationSource, revision: string): Promise<Checkout> {
    if (!isCommit(revision)) throw new InvalidInput(`revision '${revision}' is no commit SHA`);
    const path = join(this.#options.cacheDir, 'checkouts', `${keyOf(source.repoURL)}-${revision}`);
    return this.#held.checkout(path, revision, () => this.#make(path, source.repoURL, revision));
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

  #locked<T>(dir: string, work: () => Promise<T>): Promise<T> {
    return this.#locks.hold(`${dir.replace('/repositories/', '/locks/')}.lock`, work);
  }

  #repositoryDir(key: string): string {
    return join(this.#options.cacheDir, 'repositories', key);
  }

  async #shrink(): Promise<void> {
    const now = Date.now(); // Files carry the machine's own time.
    const { cacheDir } = this.#options;
    await shrink(join(cacheDir, 'checkouts'), this.#limits, now, (path) => this.#held.inUse(path));
    await shrink(join(cacheDir, 'repositories'), this.#limits, now);
  }
}

/** With the user name and password: who has other rights has another cache. */
function keyOf(repoURL: string): string {
  return createHash('sha256').update(repoURL).digest('hex').slice(0, 32);
}
