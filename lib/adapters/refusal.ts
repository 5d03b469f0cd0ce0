// What an API server's refusal means for the caller: one of our four errors, with the server's own words where they are safe to show.
import { Conflict, InvalidInput, NotPermitted, TooLarge, Unavailable, Unprocessable } from '../model/errors.ts';
import { parseJson } from '../model/json.ts';
import { isRecord } from '../model/manifest.ts';
import type { RestAnswer } from './rest.ts';

/** What was asked, for messages. */
export interface Asked {
  /** `apply`, `list` … */
  readonly action: string;
  /** `apps/Deployment shop/web`, or a kind. */
  readonly subject: string;
  /** Present when values in the server's words must not be shown: those that were sent (perhaps none). */
  readonly secrets?: readonly string[] | undefined;
}

/** `metav1.Status`, as far as it is used. */
export interface Status {
  readonly message: string;
  readonly reason: string;
  readonly causes: readonly string[];
  readonly retryAfterSeconds: number | undefined;
  /** Kind that the Status is about; '' when it is about the path itself. */
  readonly kind: string;
}

const NAMESPACE_DELETION_SECONDS = 5;
// The server-side-apply library's complaints about the manifest come as 500 without a reason.
const MANIFEST_FAULT = /^(failed to create typed (patch|live|new)? ?object|failed to convert (new|patch|live) object|error decoding)/;
// Of an object that etcd, the way to it, or the API server itself does not take; the first two come as 500.
const TOO_LARGE = /^(etcdserver: request is too large|.*trying to send message larger than max.*|Request entity too large: .*)$/;
// An admission webhook that does not answer speaks for the object that it was asked about, not for the API server.
const ADMISSION_DOWN = /failed calling webhook/;
const RBAC_REFUSAL =
  /^[a-z0-9.\-/]+( "[^"]*")? is forbidden: User "[^"]*" cannot [a-z]+ resource "[a-z0-9.\-/]+" in API group "[a-z0-9.-]*"( in the namespace "[a-z0-9-]*"| at the cluster scope)?$/;

/** The error for an answer of 400 and more (Kubernetes API conventions, "Response Status Kind"). */
export function refusalOf(answer: RestAnswer, asked: Asked): Error {
  const status = statusOf(answer.body);
  const where = `${asked.action} ${asked.subject}`;
  const text = shown(status, asked) ?? `${where}: HTTP ${answer.status}`;
  if (isMissingKind(answer)) return new InvalidInput(`${asked.subject}: the server could not find the requested resource`);
  if (TOO_LARGE.test(status?.message ?? '')) return new TooLarge(text);
  switch (answer.status) {
    case 401:
      return new NotPermitted(`${where}: the API server does not accept the credential (401 Unauthorized)`);
    case 403:
      return forbidden(text, status);
    case 409:
    case 410: // a list changed too much to be read on from where the last page ended
      return new Conflict(text);
    case 422:
      return new Unprocessable(text);
    default:
      return isTransient(answer, status)
        ? unavailable(answer, status, text.startsWith(where) ? text : `${where}: ${text}`)
        : new InvalidInput(text);
  }
}

/** 404 because no such kind is served, told from an object (or its namespace) that is not there. */
export function isMissingKind(answer: RestAnswer): boolean {
  return answer.status === 404 && (statusOf(answer.body)?.kind ?? '') === '';
}

/** The resourceVersion is from before what the server still remembers, or from another life of the cluster. */
export function isGone(answer: { readonly status: number; readonly body: string }): boolean {
  return answer.status === 410 || statusOf(answer.body)?.causes.includes('ResourceVersionTooLarge') === true;
}

/** The Status in a body, or undefined when the body is something else. */
export function statusOf(body: string): Status | undefined {
  return parseStatus(jsonOf(body));
}

function parseStatus(data: unknown): Status | undefined {
  if (!isRecord(data) || data['kind'] !== 'Status') return undefined;
  const details = isRecord(data['details']) ? data['details'] : {};
  const causes = Array.isArray(details['causes']) ? details['causes'] : [];
  const seconds = details['retryAfterSeconds'];
  return {
    message: textOf(data['message']),
    reason: textOf(data['reason']),
    causes: causes.map((cause: unknown) => (isRecord(cause) ? textOf(cause['reason']) : '')),
    retryAfterSeconds: typeof seconds === 'number' && seconds > 0 ? seconds : undefined,
    kind: textOf(details['kind']),
  };
}

function forbidden(text: string, status: Status | undefined): Error {
  // A namespace on its way out refuses everything new, whoever asks: waiting helps, more rights do not.
  const terminating = status?.causes.includes('NamespaceTerminating') === true;
  return terminating ? new Unavailable(text, { retryAfterSeconds: NAMESPACE_DELETION_SECONDS }) : new NotPermitted(text);
}

function isTransient(answer: RestAnswer, status: Status | undefined): boolean {
  const manifestFault = status !== undefined && status.reason === '' && MANIFEST_FAULT.test(status.message);
  const admission = status !== undefined && ADMISSION_DOWN.test(status.message);
  return answer.status === 429 || (answer.status >= 500 && !manifestFault && !admission);
}

function unavailable(answer: RestAnswer, status: Status | undefined, message: string): Error {
  const retryAfterSeconds = retryAfter(answer, status);
  return new Unavailable(message, retryAfterSeconds === undefined ? {} : { retryAfterSeconds });
}

function retryAfter(answer: RestAnswer, status: Status | undefined): number | undefined {
  const header = Number(answer.retryAfter);
  return Number.isFinite(header) && header > 0 ? header : status?.retryAfterSeconds;
}

function shown(status: Status | undefined, asked: Asked): string | undefined {
  if (status === undefined || status.message === '') return undefined;
  if (asked.secrets === undefined) return status.message;
  return `${asked.action} ${asked.subject}: ${withoutValues(status.message, asked.secrets)}`;
}

/**
 * The server's words about a Secret with every value taken out: those that were sent, and whatever stands where the API machinery
 * echoes values (quoted, in Go's `&value{…}`, in the head of a body that could not be read). Refusals by RBAC hold names only.
 */
export function withoutValues(message: string, sent: readonly string[]): string {
  if (RBAC_REFUSAL.test(message)) return message;
  const structural = message
    .replace(/got &?[\w.]*\{.*$/s, 'got ***')
    .replace(/\(\{.*$/s, '(***)')
    .replace(/"(?:[^"\\]|\\.)*"?/gs, '"***"');
  const longestFirst = sent.filter((value) => value !== '').sort((a, b) => b.length - a.length);
  return longestFirst.reduce((text, value) => text.replaceAll(value, '***'), structural);
}

/** Every scalar under an object's data, as it stands and as base64 hides it. */
export function secretValues(object: unknown): readonly string[] {
  const leaves = leavesOf(object);
  return [...new Set(leaves.flatMap((leaf) => [leaf, Buffer.from(leaf, 'base64').toString('utf8'), Buffer.from(leaf).toString('base64')]))];
}

function leavesOf(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(leavesOf);
  if (isRecord(value)) return Object.values(value).flatMap(leavesOf);
  return value === null || value === undefined || typeof value === 'boolean' ? [] : [String(value)];
}

/** The JSON in a body, or undefined: a parser's complaint would quote what it read. */
export function jsonOf(body: string): unknown {
  try {
    return parseJson(body);
  } catch {
    return undefined;
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
