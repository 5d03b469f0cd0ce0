// Who sent this, and did they sign it? Decided from headers and raw bytes alone, before anything in the body is read.
// The only file that knows @octokit/webhooks.
import { Webhooks } from '@octokit/webhooks';
import { InvalidInput, NotPermitted } from '../model/errors.ts';

/** Header names in lower case. */
export type Headers = Readonly<Record<string, string | undefined>>;

export interface WebhookSecrets {
  readonly github?: string | undefined;
  /** Take deliveries of a provider that no secret is configured for. */
  readonly allowUnsigned: boolean;
}

/** A delivery whose sender is known; `delivery` is the provider's id of it, the same when it is sent again, `''` when there is none. */
export interface VerifiedDelivery {
  readonly provider: 'github';
  readonly event: string;
  readonly delivery: string;
}

/**
 * The provider's event, if it is signed with our secret: `X-Hub-Signature-256` is the HMAC-SHA256 of the raw body (spec/webhook.md §2).
 * Throws InvalidInput for headers that no provider claims, NotPermitted for a wrong or missing signature, or where no secret is configured.
 */
export async function verifyPush(headers: Headers, rawBody: Buffer, secrets: WebhookSecrets): Promise<VerifiedDelivery> {
  const event = headers['x-github-event'] ?? '';
  const isGitHub = event !== '' && event !== 'package' && !headers['x-gogs-event'] && !headers['x-vss-activityid'];
  if (!isGitHub) throw new InvalidInput('unknown webhook event');
  if (secrets.github) await verifyGitHub(headers['x-hub-signature-256'], rawBody, secrets.github);
  else if (!secrets.allowUnsigned) throw new NotPermitted('no webhook secret is configured: set EVENKEEL_WEBHOOK_GITHUB_SECRET');
  return { provider: 'github', event, delivery: headers['x-github-delivery'] ?? '' };
}

async function verifyGitHub(signature: string | undefined, rawBody: Buffer, secret: string): Promise<void> {
  const text = exactText(rawBody);
  if (!signature || !text) throw new NotPermitted('webhook delivery is not signed: give the hook the configured secret');
  if (!(await new Webhooks({ secret }).verify(text, signature))) throw new NotPermitted('webhook signature does not match the body');
}

/** The library signs text; only bytes that are exactly that text in UTF-8 may stand for it. */
function exactText(rawBody: Buffer): string | undefined {
  const text = rawBody.toString('utf8');
  return Buffer.from(text, 'utf8').equals(rawBody) ? text : undefined;
}
