// Everything that rendering awaits, made real: repositories, the renderer or the stock tools in its place, and what is fetched beside.
import { InvalidInput } from '../model/errors.ts';
import type { Charts, Clock, Downloads, Log, Renderer, Repositories } from '../ports.ts';
import { createDownloads } from './downloads.ts';
import { createRepositories } from './git.ts';
import { createRenderer } from './renderer.ts';
import { createStockRenderer } from './stock-renderer.ts';

export interface RenderPortsOptions {
  /** Paths, or names to be found on PATH. Without a renderer the stock tools render, one process each. */
  readonly programs: {
    readonly git: string;
    readonly kubectl: string;
    readonly helm: string;
    readonly kustomize?: string | undefined;
    readonly renderer?: string | undefined;
  };
  readonly cacheDir: string;
  readonly clock: Clock;
  readonly timeoutSeconds: number;
  readonly log?: Log;
}

export interface OpenRenderPorts {
  readonly repositories: Repositories;
  readonly charts: Charts;
  readonly downloads: Downloads;
  readonly renderer: Renderer;
}

export function createRenderPorts({ programs, ...options }: RenderPortsOptions): OpenRenderPorts {
  const { renderer: program, helm } = programs;
  const { timeoutSeconds } = options;
  return {
    repositories: createRepositories({ git: programs.git, ...options }),
    charts: { dependency: ({ name }) => Promise.reject(new InvalidInput(`chart ${name} cannot be fetched`)) },
    downloads: createDownloads(options),
    renderer: program ? createRenderer({ program, helm, timeoutSeconds }) : createStockRenderer({ ...programs, timeoutSeconds }),
  };
}
