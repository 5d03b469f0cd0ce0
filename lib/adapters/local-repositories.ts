// Repositories, charts and files out of folders that stand for them, for rendering with no network: a folder is its repository at every
// revision, so that what is being worked on is what is rendered.
import { createHash } from 'node:crypto';
import { realpathSync, statSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ApplicationSource } from '../model/application.ts';
import { chartOf } from '../model/chart-source.ts';
import { InvalidInput } from '../model/errors.ts';
import { withoutUserinfo } from '../model/git-url.ts';
import { type GivenRepository, givenFor, missingText } from '../model/given-repositories.ts';
import { DOWNLOADED_NAME } from '../model/rendering.ts';
import { treeOf } from '../model/tree.ts';
import type { Charts, Checkout, Downloads, Repositories } from '../ports.ts';
import { chartAt, checkVersion } from './chart-folder.ts';
import type { CommitFolder } from './checkouts.ts';
import { filesBelow, isBranch, type Snapshot, type SnapshotOptions, snapshotOf } from './folder-snapshot.ts';

export interface LocalRepositoriesOptions extends SnapshotOptions {
  readonly given: readonly GivenRepository[];
}

export interface LocalRepositories {
  readonly repositories: Repositories;
  readonly charts: Charts;
  readonly downloads: Downloads;
}

/** Throws InvalidInput for a folder that is none; its ports, for a repository that no folder stands for, with the flag that gives one. */
export function createLocalRepositories(options: LocalRepositoriesOptions): LocalRepositories {
  const folders = new Folders({ ...options, given: options.given.map((one) => ({ ...one, dir: folderAt(one.dir) })) });
  // A source is either; whoever asks need not tell which.
  const sources: Repositories = {
    resolveRevision: (source) => (chartOf(source) ? folders.chartVersion(source, chartOf(source)) : folders.revision(source)),
    checkout: (source, revision) => (chartOf(source) ? folders.chart(source.repoURL, chartOf(source)) : folders.checkout(source, revision)),
  };
  const dependency: Charts['dependency'] = async ({ repository, name, version }) => {
    const chart = await folders.chart(repository, name);
    checkVersion(name, chart.revision, version, 'the chart that depends on it');
    return { version: chart.revision, permitted: undefined, fetch: async () => chart };
  };
  return {
    repositories: sources,
    charts: { ...sources, dependency },
    downloads: { download: (url) => folders.file(url) },
  };
}

function folderAt(dir: string): string {
  if (!statSync(dir, { throwIfNoEntry: false })?.isDirectory()) throw new InvalidInput(`${dir} is no folder`);
  return realpathSync(dir);
}

class Folders {
  readonly #options: LocalRepositoriesOptions;
  readonly #snapshots = new Map<GivenRepository, Promise<Snapshot>>();
  readonly #charts = new Map<string, Promise<CommitFolder>>();

  constructor(options: LocalRepositoriesOptions) {
    this.#options = options;
  }

  /** A name that the folder's repository does not know as a branch may be a tag: clones often come without. */
  async revision({ repoURL, targetRevision = '' }: ApplicationSource): Promise<string> {
    const given = this.#given(repoURL);
    const tag = /^refs\/tags\/(.+)$/.exec(targetRevision)?.[1];
    if (tag !== undefined && (await isBranch(this.#options, given.dir, tag))) {
      throw new InvalidInput(`unable to resolve '${targetRevision}' to a commit SHA: revision not found`);
    }
    return (await this.#snapshot(given)).revision;
  }

  async checkout({ repoURL }: ApplicationSource, revision: string): Promise<Checkout> {
    return checkoutOf(await this.#snapshot(this.#given(repoURL)), revision);
  }

  async chartVersion({ repoURL, targetRevision = '' }: ApplicationSource, chart: string): Promise<string> {
    const { version } = chartAt(this.#given(repoURL).dir, chart);
    checkVersion(chart, version, targetRevision, 'the Application');
    return version;
  }

  async chart(repoURL: string, chart: string): Promise<Checkout> {
    const { dir, version } = chartAt(this.#given(repoURL).dir, chart);
    return checkoutOf(await kept(this.#charts, dir, () => filesBelow(this.#options, dir)), version);
  }

  /** The folder that holds a file at a URL stands for a URL that the file's begins with. */
  async file(url: string): Promise<Checkout> {
    const { origin, pathname } = new URL(url);
    const parts = pathname.split('/').slice(1);
    for (const [at] of parts.entries()) {
      const given = givenFor(this.#options.given, [origin, ...parts.slice(0, at)].join('/'));
      if (given !== undefined) return this.#fileIn(given, parts.slice(at).map(decodeURIComponent).join('/'));
    }
    throw new InvalidInput(missingText([origin + dirname(pathname)]));
  }

  async #fileIn(given: GivenRepository, path: string): Promise<Checkout> {
    const text = (await this.#snapshot(given)).files.read(path);
    if (text === undefined) throw new InvalidInput(`${path} is not in ${given.dir}, which stands for ${withoutUserinfo(given.url)}`);
    const dir = await mkdtemp(join(this.#options.workDir, 'file-'));
    await writeFile(join(dir, DOWNLOADED_NAME), text);
    const hash = createHash('sha256').update(text).digest('hex');
    const tree = treeOf(new Map([[DOWNLOADED_NAME, { kind: 'file', hash }]]));
    return checkoutOf({ dir, files: { tree, read: (name) => (name === DOWNLOADED_NAME ? text : undefined) } }, `sha256:${hash}`);
  }

  #given(repoURL: string): GivenRepository {
    const given = givenFor(this.#options.given, repoURL);
    if (given === undefined) throw new InvalidInput(missingText([repoURL]));
    return given;
  }

  #snapshot(given: GivenRepository): Promise<Snapshot> {
    return kept(this.#snapshots, given, () => snapshotOf(this.#options, given.dir, given.revision));
  }
}

/** What is made once for all who ask. */
function kept<K, V>(known: Map<K, V>, key: K, make: () => V): V {
  const found = known.get(key) ?? make();
  known.set(key, found);
  return found;
}

function checkoutOf({ dir, files }: CommitFolder, revision: string): Checkout {
  return { dir, files, revision, release: () => undefined };
}
