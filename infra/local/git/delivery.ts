// A push told to the webhook as GitHub tells it: a signed POST with the fields of its `push` event that receivers read.
import { createHmac, randomUUID } from 'node:crypto';
import type { Push, PushedCommit } from './push.ts';

const GIVE_UP_MS = 10_000;

/** What the webhook answered. */
export interface Answer {
  readonly delivery: string;
  readonly status: number;
  readonly body: string;
}

export interface DeliveryTarget {
  readonly url: string;
  readonly secret: string;
}

/** The body of GitHub's `push` event ("Webhook events and payloads", push). */
export function pushPayload(push: Push): Readonly<Record<string, unknown>> {
  const name = push.repository.split('/').at(-1) ?? push.repository;
  const owner = push.repository.includes('/') ? (push.repository.split('/')[0] ?? 'local') : 'local';
  const commits = push.commits.map((commit) => commitPayload(commit, push));
  const pusher = push.commits.at(-1)?.committer ?? { name: owner, email: '' };
  return {
    ref: push.ref,
    before: push.before,
    after: push.after,
    repository: {
      name,
      full_name: push.repository,
      private: true,
      owner: { name: owner, login: owner },
      url: push.url,
      html_url: push.url,
      clone_url: `${push.url}.git`,
      default_branch: push.defaultBranch,
    },
    pusher,
    sender: { login: pusher.name, type: 'User' },
    created: push.created,
    deleted: push.deleted,
    forced: push.forced,
    base_ref: null,
    compare: `${push.url}/compare/${push.before}...${push.after}`,
    commits,
    head_commit: commits.at(-1) ?? null,
  };
}

function commitPayload(commit: PushedCommit, push: Push): Readonly<Record<string, unknown>> {
  const { id, tree, message, timestamp, author, committer, added, modified, removed } = commit;
  return {
    id,
    tree_id: tree,
    distinct: true,
    message,
    timestamp,
    url: `${push.url}/commit/${id}`,
    author,
    committer,
    added,
    removed,
    modified,
  };
}

/** `X-Hub-Signature-256` of a body. */
export function signature(secret: string, body: string): string {
  return `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
}

/** Posts a push, once: like GitHub it gives up after 10 s and does not try again; the resync finds what was missed. */
export async function deliver(push: Push, target: DeliveryTarget): Promise<Answer> {
  const body = JSON.stringify(pushPayload(push));
  const delivery = randomUUID();
  const headers = {
    'content-type': 'application/json',
    'user-agent': 'GitHub-Hookshot/local',
    'x-github-event': 'push',
    'x-github-delivery': delivery,
    'x-hub-signature-256': signature(target.secret, body),
  };
  const response = await fetch(target.url, { method: 'POST', headers, body, signal: AbortSignal.timeout(GIVE_UP_MS) });
  return { delivery, status: response.status, body: await response.text() };
}
