// The flags of `app sync` as a request (spec/cli.md §4).
import type { RetryStrategy } from '../../model/application.ts';
import { EXIT_FAILED, Exit } from '../exit.ts';
import type { SyncRequest } from './operation.ts';
import { type RevisionFlags, revisionRequest } from './revisions.ts';
import { namedValue } from './spec-items.ts';

/** As the command line gives them. */
export interface SyncFlags extends RevisionFlags {
  readonly dryRun?: boolean;
  readonly prune?: boolean;
  readonly strategy?: string;
  readonly force?: boolean;
  readonly replace?: boolean;
  readonly serverSide?: boolean;
  readonly applyOutOfSyncOnly?: boolean;
  readonly info: readonly string[];
  readonly retryLimit?: number;
  readonly retryRefresh?: boolean;
  readonly retryBackoffDuration?: string;
  readonly retryBackoffMaxDuration?: string;
  readonly retryBackoffFactor?: number;
}

/** Everything but the resources. Throws Exit or InvalidInput for a value that cannot be read. */
export function syncRequest(flags: SyncFlags): Omit<SyncRequest, 'resources'> {
  return {
    ...revisionRequest(flags),
    dryRun: flags.dryRun ?? false,
    prune: flags.prune ?? false,
    strategy: strategyOf(flags.strategy),
    force: flags.force ?? false,
    info: flags.info.map((text) => namedValue(text, '--info')),
    retry: retryOf(flags),
    syncOptions: optionsOf(flags),
  };
}

function optionsOf({ replace, serverSide, applyOutOfSyncOnly }: SyncFlags): readonly string[] {
  return [
    ...(replace ? ['Replace=true'] : []),
    ...(serverSide ? ['ServerSideApply=true'] : []),
    ...(applyOutOfSyncOnly ? ['ApplyOutOfSyncOnly=true'] : []),
  ];
}

function strategyOf(text: string | undefined): 'apply' | 'hook' {
  if (text === undefined || text === '' || text === 'hook') return 'hook';
  if (text === 'apply') return 'apply';
  throw new Exit(EXIT_FAILED, `Unknown sync strategy: '${text}': there are hook and apply`);
}

/** Sent only with a limit above zero. */
function retryOf(flags: SyncFlags): RetryStrategy | undefined {
  if (flags.retryLimit === undefined || flags.retryLimit <= 0) return undefined;
  return {
    limit: flags.retryLimit,
    ...(flags.retryRefresh ? { refresh: true } : {}),
    backoff: {
      duration: flags.retryBackoffDuration ?? '5s',
      factor: flags.retryBackoffFactor ?? 2,
      maxDuration: flags.retryBackoffMaxDuration ?? '3m',
    },
  };
}
