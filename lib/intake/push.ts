// A provider's payload -> one Push: the same few facts whoever sent it (spec/webhook.md §5). Any JSON gives an answer.
import { isRecord } from '../model/manifest.ts';
import type { VerifiedDelivery } from './verify.ts';

export interface Push {
  /** Addresses of the repository as its web pages have them; matched by spec/webhook.md §6.1. */
  readonly repositoryURLs: readonly string[];
  /** Branch or tag without `refs/heads/`. */
  readonly revision: string;
  /** Whether `HEAD` of the repository moved: the push was to its default branch. */
  readonly touchedHead: boolean;
  /** Undefined when the payload does not tell all of them: then the push may concern anybody. */
  readonly changedPaths?: readonly string[];
  readonly before: string;
  readonly after: string;
  /** The provider's id of the delivery, `''` when it has none. */
  readonly delivery: string;
}

/** GitHub lists at most so many commits of a push ("Webhook events and payloads", push). */
const MAX_LISTED_COMMITS = 2048;

/** The push in a verified delivery; undefined for pings, other events, and payloads that name no repository or reference. */
export function parsePush({ provider, event, delivery }: VerifiedDelivery, body: unknown): Push | undefined {
  switch (provider) {
    case 'github':
      return event === 'push' && isRecord(body) ? parseGitHub(body, delivery) : undefined;
    default:
      return provider satisfies never;
  }
}

/** The name in a reference: at most three parts at `/`, the last one (`refs/heads/feature/x` -> `feature/x`). */
export function parseRevision(ref: string): string {
  const first = ref.indexOf('/');
  const second = first < 0 ? -1 : ref.indexOf('/', first + 1);
  return ref.slice((second < 0 ? first : second) + 1);
}

function parseGitHub(body: Readonly<Record<string, unknown>>, delivery: string): Push | undefined {
  const repository = isRecord(body['repository']) ? body['repository'] : {};
  const url = textOf(repository['html_url']);
  const revision = parseRevision(textOf(body['ref']));
  if (url === '' || revision === '') return undefined;
  const changedPaths = changedPathsOf(body);
  return {
    repositoryURLs: [url],
    revision,
    touchedHead: textOf(repository['default_branch']) === revision,
    ...(changedPaths && { changedPaths }),
    before: textOf(body['before']),
    after: textOf(body['after']),
    delivery,
  };
}

/** The listed commits are the whole difference only if the push moved a branch forward and the list is complete. */
function changedPathsOf(body: Readonly<Record<string, unknown>>): readonly string[] | undefined {
  const { commits, size } = body;
  if (body['created'] || body['deleted'] || body['forced']) return undefined;
  if (!Array.isArray(commits) || commits.length === 0 || commits.length >= MAX_LISTED_COMMITS) return undefined;
  if (typeof size === 'number' && size !== commits.length) return undefined;
  const paths = new Set<string>();
  for (const commit of commits) {
    const touched = pathsOf(commit);
    if (!touched) return undefined;
    for (const path of touched) paths.add(path);
  }
  return [...paths];
}

function pathsOf(commit: unknown): readonly string[] | undefined {
  if (!isRecord(commit)) return undefined;
  const lists = [commit['added'], commit['modified'], commit['removed']];
  if (!lists.every((list) => Array.isArray(list))) return undefined;
  const paths: readonly unknown[] = lists.flat();
  return paths.every((path) => typeof path === 'string') ? paths : undefined;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
