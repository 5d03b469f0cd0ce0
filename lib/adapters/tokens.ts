// Short-lived tokens of service accounts (TokenRequest, Kubernetes authentication.k8s.io/v1), in memory only.
import { InvalidInput, NotPermitted, Unavailable } from '../model/errors.ts';
import { isRecord } from '../model/manifest.ts';
import type { Clock, ServiceAccountRef } from '../ports.ts';
import { jsonOf, refusalOf, statusOf } from './refusal.ts';
import type { Rest, RestAnswer } from './rest.ts';

export interface Tokens {
  /** A token of the account with at least a third of its life left. `rejected` is one that the server refused: never that one again. */
  tokenOf(account: ServiceAccountRef, rejected?: string): Promise<string>;
}

interface Token {
  readonly text: string;
  readonly renewAt: number;
}

const LIFE_SECONDS = 600;

/**
 * Tokens of one cluster, asked for with that cluster's own credential. Concurrent callers share one request; a failure is not kept.
 * Throws InvalidInput when the account does not exist or its name is no name, NotPermitted when the worker may not ask.
 */
export function createTokens(rest: Rest, now: Clock): Tokens {
  const held = new Map<string, Token>();
  const coming = new Map<string, Promise<Token>>();

  async function renew(key: string, account: ServiceAccountRef): Promise<Token> {
    try {
      const token = await request(rest, account, now);
      held.set(key, token);
      return token;
    } finally {
      coming.delete(key);
    }
  }

  return {
    async tokenOf(account, rejected) {
      const key = `${account.namespace}/${account.name}`;
      const token = held.get(key);
      if (token !== undefined && token.text !== rejected && now() < token.renewAt) return token.text;
      const renewing = coming.get(key) ?? renew(key, account);
      coming.set(key, renewing);
      return (await renewing).text;
    },
  };
}

async function request(rest: Rest, account: ServiceAccountRef, now: Clock): Promise<Token> {
  const asked = now();
  const answer = await rest.send({
    method: 'POST',
    path: `/api/v1/namespaces/${nameOf(account.namespace, account)}/serviceaccounts/${nameOf(account.name, account)}/token`,
    body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: LIFE_SECONDS } },
    repeatable: true, // a token more does no harm
  });
  if (answer.status >= 400) throw refused(answer, account, rest.server);
  const { text, seconds } = granted(answer, account);
  // Counted by our own clock from before the request, so that no other clock has to agree with it.
  return { text, renewAt: asked + seconds * 1000 * (2 / 3) };
}

function granted(answer: RestAnswer, account: ServiceAccountRef): { readonly text: string; readonly seconds: number } {
  const data = jsonOf(answer.body);
  const status = isRecord(data) ? data['status'] : undefined;
  const spec = isRecord(data) ? data['spec'] : undefined;
  const text = isRecord(status) ? status['token'] : undefined;
  const seconds = isRecord(spec) ? spec['expirationSeconds'] : undefined;
  if (typeof text !== 'string' || text === '')
    throw new Unavailable(`serviceaccount ${nameText(account)}: the API server answered without a token`);
  return { text, seconds: typeof seconds === 'number' && seconds > 0 ? seconds : LIFE_SECONDS };
}

function refused(answer: RestAnswer, account: ServiceAccountRef, server: string): Error {
  const name = nameText(account);
  if (answer.status === 404) {
    return new InvalidInput(
      `serviceaccount ${name} does not exist in the cluster ${server}: create it, or name another in the project's destinationServiceAccounts`,
    );
  }
  if (answer.status === 403) {
    const words = statusOf(answer.body)?.message ?? 'forbidden';
    return new NotPermitted(
      `the worker may not act as serviceaccount ${name} in the cluster ${server}: give it "create" on "serviceaccounts/token" in namespace ${account.namespace} (${words})`,
    );
  }
  return refusalOf(answer, { action: 'request a token of', subject: `serviceaccount ${name}`, secrets: [] });
}

/** An account that is no name at all must be a fault, and never another account's path. */
function nameOf(part: string, account: ServiceAccountRef): string {
  if (/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/.test(part)) return part;
  throw new InvalidInput(`service account ${JSON.stringify(nameText(account))} is not of the form namespace:name`);
}

function nameText(account: ServiceAccountRef): string {
  return `${account.namespace}/${account.name}`;
}
