// Charts over the renderer's mode `fetch`: one look at an index or a registry, one download and one folder serve everyone who asks for the
// same at the same time, with the same access.
import { createHash } from 'node:crypto';
import type { ApplicationSource } from '../model/application.ts';
import {
  type ChartDependency,
  type ChartSource,
  chartOf,
  chartSource,
  dependencyPlace,
  isArtifact,
  registryNames,
} from '../model/chart-source.ts';
import { exactVersion, greatestVersion, isDigest, isVersion } from '../model/chart-version.ts';
import { InvalidInput, messageOf, NotPermitted } from '../model/errors.ts';
import type { RepositoryAccess } from '../model/repository.ts';
import { parseConstraint } from '../model/semver.ts';
import type { Charts, Checkout, Clock, Credentials, DependencyAsking, Log, SettledDependency } from '../ports.ts';
import { CACHE_MIB, cacheBudget } from './cache-budget.ts';
import type { CacheLimits } from './cache-folder.ts';
import { FETCH_LIMITS, type FetchAnswer, type FetchLimits, type FetchRequest, fetchRemote, shownURL } from './chart-fetch.ts';
import { ChartStore } from './chart-store.ts';
import type { DialRules } from './dialed-address.ts';
import { Readings } from './readings.ts';
import { Turns } from './turns.ts';

export interface ChartsOptions {
  /** Path of the renderer. */
  readonly renderer: string;
  /** May be deleted at any time; what is in it is fetched again. */
  readonly cacheDir: string;
  readonly clock: Clock;
  readonly timeoutSeconds: number;
  readonly credentials: Credentials;
  readonly dial: Pick<DialRules, 'loopback'>;
  readonly log?: Log;
  readonly limits?: Partial<CacheLimits & FetchLimits>;
}

/** A chart or artifact with the way there. */
interface Place {
  readonly source: ChartSource;
  readonly access: RepositoryAccess;
  readonly passCredentials: boolean;
}

const LIMITS: CacheLimits = { maxBytes: cacheBudget(CACHE_MIB).charts, maxCount: 100, idleMs: 5 * 60_000 };
/** Fetches at a time: each is a process, and an index fills its memory. */
const AT_ONCE = 4;

export function createCharts(options: ChartsOptions): Charts {
  return new FetchedCharts(options);
}

class FetchedCharts implements Charts {
  readonly #options: ChartsOptions;
  readonly #limits: FetchLimits;
  readonly #versions: Readings<readonly string[]>;
  readonly #digests: Readings<string>;
  readonly #store: ChartStore;
  readonly #turns = new Turns(AT_ONCE);

  constructor(options: ChartsOptions) {
    this.#options = options;
    this.#limits = { ...FETCH_LIMITS, ...options.limits };
    this.#versions = new Readings(options.clock);
    this.#digests = new Readings(options.clock);
    this.#store = new ChartStore({ ...options, limits: { ...LIMITS, ...options.limits }, maxHeldMs: options.timeoutSeconds * 2000 });
  }

  async resolveRevision(source: ApplicationSource, notBefore: number, project: string | undefined): Promise<string> {
    const revision = source.targetRevision ?? '';
    if (isArtifact(source))
      return this.#artifactDigest(source, revision, notBefore, project).catch((error) => ignoringChart(source, error));
    if (isVersion(revision)) return revision;
    const choice = greatestVersion(revision, await this.#versionsOf(await this.#placeOf(source, project), notBefore));
    if ('reason' in choice) throw new InvalidInput(`invalid revision: ${choice.reason}`);
    return choice.version;
  }

  async checkout(source: ApplicationSource, revision: string, project: string | undefined, notBefore = 0): Promise<Checkout> {
    if (isArtifact(source) && !isDigest(revision)) throw new InvalidInput(`revision '${revision}' is no digest of an OCI artifact`);
    return this.#checkout(await this.#placeOf(source, project), revision, notBefore);
  }

  async dependency(dependency: ChartDependency, asking: DependencyAsking): Promise<SettledDependency> {
    const { place, permitted } = await this.#dependencyPlace(dependency, asking);
    const version =
      exactVersion(dependency) ?? (await this.#reached(permitted, place, asking, () => this.#chosen(dependency, place, asking)));
    const fetch = (notBefore: number) => this.#reached(permitted, place, asking, () => this.#checkout(place, version, notBefore));
    return { version, permitted, fetch };
  }

  async #chosen({ name, version }: ChartDependency, place: Place, { notBefore }: DependencyAsking): Promise<string> {
    const choice = greatestVersion(version === '' ? '*' : version, await this.#versionsOf(place, notBefore));
    if ('reason' in choice) throw new InvalidInput(`chart dependency ${name} ${version}: ${choice.reason}`);
    return choice.version;
  }

  /** spec/rendering.md §3.3: what a repository refuses that the project does not permit is the project's to allow. */
  async #reached<T>(permitted: string | undefined, { source }: Place, { project }: DependencyAsking, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      if (permitted !== undefined || !(cause instanceof InvalidInput || cause instanceof NotPermitted)) throw cause;
      throw new InvalidInput(`${notPermitted(source.url, project)}: ${cause.message}`, { cause });
    }
  }

  async #placeOf(source: ApplicationSource, project: string | undefined): Promise<Place> {
    const access = await this.#options.credentials.access(source.repoURL, project);
    const passCredentials = source.helm?.['passCredentials'] === true;
    return { source: chartSource(source.repoURL, chartOf(source), access), access, passCredentials };
  }

  /** `permitted`: the repository that the project permits, so that what is known of it is used. */
  async #dependencyPlace(
    dependency: ChartDependency,
    { project, permits }: DependencyAsking,
  ): Promise<{ readonly place: Place; readonly permitted: string | undefined }> {
    const { name, repository, passCredentials = false } = dependency;
    const place = dependencyPlace(repository);
    if (place.kind === 'url') {
      const permitted = permits(place.url) ? place.url : undefined;
      const access = await this.#registered(place.url, permitted === undefined ? undefined : project);
      return { place: { source: chartSource(place.url, name, access), access, passCredentials }, permitted };
    }
    const asked = `chart dependency ${name}: repository ${JSON.stringify(shownURL(repository))}`;
    if (place.kind === 'other') {
      throw new InvalidInput(`${asked} is not fetched: name it by an https:// or oci:// URL, or by @name as a Secret registers it`);
    }
    const access = await this.#options.credentials.named(place.name, project);
    if (access === undefined) {
      throw new InvalidInput(`${asked} is not registered for project ${project}: add a repository Secret of type helm with that name`);
    }
    // As projects write it: a server's own root has no slash there.
    const written = access.url.replace(/^(https?:\/\/[^/]+)\/$/, '$1');
    if (!permits(written)) throw new InvalidInput(notPermitted(written, project));
    return { place: { source: chartSource(access.url, name, access), access, passCredentials }, permitted: written };
  }

  /** A registry's Secret may name it with oci:// or without scheme; the first that says anything of its own counts. */
  async #registered(url: string, project: string | undefined): Promise<RepositoryAccess> {
    const found = await Promise.all(registryNames(url).map((name) => this.#options.credentials.access(name, project)));
    const best = found.find(isRegistered) ?? found[0];
    if (best === undefined) throw new InvalidInput(`${shownURL(url)} is no repository URL`);
    return best;
  }

  /** spec/rendering.md §7, "OCI": a digest stands for itself; a tag comes before the range that its text may be, too. */
  async #artifactDigest(source: ApplicationSource, revision: string, notBefore: number, project: string | undefined): Promise<string> {
    if (isDigest(revision)) return revision;
    const place = await this.#placeOf(source, project);
    try {
      return await this.#digestOf(place, revision, notBefore);
    } catch (error) {
      const failed = (cause: unknown) =>
        new InvalidInput(`failed to resolve revision ${JSON.stringify(revision)}: ${messageOf(cause)}`, { cause });
      if (!(error instanceof InvalidInput)) throw error;
      if (parseConstraint(revision) === undefined) throw failed(error);
      const choice = greatestVersion(revision, await this.#versionsOf(place, notBefore));
      if ('reason' in choice) throw failed(`no version for constraints: ${choice.reason}`);
      return this.#digestOf(place, choice.version, notBefore);
    }
  }

  #digestOf(place: Place, revision: string, notBefore: number): Promise<string> {
    return this.#digests.at(keyOf(place, revision), notBefore, async () => (await this.#fetch(place, 'resolve', revision)).digest);
  }

  #versionsOf(place: Place, notBefore: number): Promise<readonly string[]> {
    return this.#versions.at(keyOf(place, ''), notBefore, async () =>
      (await this.#fetch(place, 'versions')).versions.map(({ version }) => version),
    );
  }

  #checkout(place: Place, revision: string, notBefore: number): Promise<Checkout> {
    const since = isDigest(revision) ? 0 : notBefore;
    return this.#store.checkout(
      keyOf(place, revision),
      revision,
      since,
      async (into) => void (await this.#fetch(place, 'pull', revision, into)),
    );
  }

  async #fetch(place: Place, action: FetchRequest['action'], version = '', into = ''): Promise<FetchAnswer> {
    const { clock, dial, log, renderer, timeoutSeconds } = this.#options;
    const started = clock();
    const answer = await this.#turns.take(() =>
      fetchRemote({ renderer, timeoutSeconds, dial, limits: this.#limits }, { ...place, action, version, into }),
    );
    const { url, chart } = place.source;
    log?.info(`chart ${action}`, { repository: shownURL(url), chart, version, bytes: answer.pulled?.bytes, ms: clock() - started });
    return answer;
  }
}

/** Throws the error, with a word to who wrote `chart` beside the URL of an artifact. */
function ignoringChart(source: ApplicationSource, error: unknown): never {
  if (!source.chart || !(error instanceof InvalidInput)) throw error;
  const message = `${error.message}; chart ${source.chart} is ignored here: with oci:// repoURL names the chart itself`;
  throw new InvalidInput(message, { cause: error });
}

function notPermitted(url: string, project: string): string {
  return `helm repos ${shownURL(url)} are not permitted in project '${project}'`;
}

function isRegistered({ credential, clientCertificate, insecure, plainHttp }: RepositoryAccess): boolean {
  return credential.kind !== 'none' || clientCertificate !== undefined || insecure || plainHttp;
}

/** With the access: who has other rights has another cache. */
function keyOf({ source, access, passCredentials }: Place, revision: string): string {
  const parts = [source.kind, source.url, source.chart, revision, access.identity, passCredentials];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 40);
}
