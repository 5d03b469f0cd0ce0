// Everything that rendering awaits, made real: repositories of every kind, the renderer or the stock tools in its place, and what is
// fetched beside them.
import type { ApplicationSource } from '../model/application.ts';
import { isArtifact } from '../model/chart-source.ts';
import { InvalidInput } from '../model/errors.ts';
import type { Charts, Clock, Credentials, Downloads, Log, Renderer, Repositories } from '../ports.ts';
import { cacheBudget } from './cache-budget.ts';
import { FETCH_LIMITS } from './chart-fetch.ts';
import { createCharts } from './charts.ts';
import type { DialRules } from './dialed-address.ts';
import { createDownloads } from './downloads.ts';
import { createRepositories } from './git.ts';
import { createRenderer } from './renderer.ts';
import { createStockRenderer } from './stock-renderer.ts';

export interface RenderPortsOptions {
  /** Paths, or names to be found on PATH. Without a renderer the stock tools render, one process each, and no chart is fetched. */
  readonly programs: {
    readonly git: string;
    readonly ssh: string;
    readonly kubectl: string;
    readonly helm: string;
    readonly kustomize?: string | undefined;
    readonly renderer?: string | undefined;
  };
  readonly credentials: Credentials;
  readonly cacheDir: string;
  readonly clock: Clock;
  readonly timeoutSeconds: number;
  /** MiB that everything below the cache folder may take. */
  readonly cacheMiB: number;
  /** Whether other processes read there too: what was used of late then stays. */
  readonly cacheShared: boolean;
  /** Which addresses may be connected to, for repositories, charts and files alike. */
  readonly dial: DialRules;
  readonly log?: Log;
}

export interface OpenRenderPorts {
  readonly repositories: Repositories;
  readonly charts: Charts;
  readonly downloads: Downloads;
  readonly renderer: Renderer;
}

export function createRenderPorts({ programs, ...options }: RenderPortsOptions): OpenRenderPorts {
  const { renderer } = programs;
  const bytes = cacheBudget(options.cacheMiB);
  const idle = options.cacheShared ? {} : { idleMs: 0 };
  const gitLimits = { checkoutBytes: bytes.checkouts, repositoryBytes: bytes.repositories, ...idle };
  const chartLimits = { maxBytes: bytes.charts, totalBytes: Math.min(FETCH_LIMITS.totalBytes, bytes.charts), ...idle };
  const git = createRepositories({ ...programs, ...options, limits: gitLimits });
  const charts = renderer ? createCharts({ renderer, ...options, limits: chartLimits }) : NO_CHARTS;
  return {
    repositories: bySource(git, charts),
    charts,
    downloads: createDownloads({ ...options, maxBytes: bytes.downloads }),
    renderer: rendererBy(programs, options.timeoutSeconds),
  };
}

/** The renderer, or the stock tools in its place. */
export function rendererBy(programs: Omit<RenderPortsOptions['programs'], 'git' | 'ssh'>, timeoutSeconds: number): Renderer {
  const { renderer: program } = programs;
  return program ? createRenderer({ program, timeoutSeconds }) : createStockRenderer({ ...programs, timeoutSeconds });
}

/** `chart:` and `oci://` sources come from Helm repositories and registries, all others from Git (spec/application.md §1.2). */
function bySource(git: Repositories, charts: Repositories): Repositories {
  const of = (source: ApplicationSource) => (source.chart || isArtifact(source) ? charts : git);
  return {
    resolveRevision: (source, ...rest) => of(source).resolveRevision(source, ...rest),
    checkout: (source, ...rest) => of(source).checkout(source, ...rest),
  };
}

const refused = () => Promise.reject(new InvalidInput('charts are fetched by the renderer, which is not there: set EVENKEEL_RENDERER'));
const NO_CHARTS: Charts = { resolveRevision: refused, checkout: refused, dependency: refused };
