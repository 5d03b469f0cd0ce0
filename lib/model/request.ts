// ReconcileRequest: the one queue message. It says who and why, never what to do.
import { createHash } from 'node:crypto';
import * as z from 'zod';
import { type ApplicationRef, qualifiedName } from './application.ts';
import { InvalidInput } from './errors.ts';

/** Why an Application was enqueued. */
export const REASONS = ['push', 'sweep', 'drift', 'operation', 'continue', 'replay', 'spec'] as const;
export type Reason = (typeof REASONS)[number];

export interface ReconcileRequest {
  readonly application: ApplicationRef;
  readonly reason: Reason;
  /** When the event was seen, milliseconds since the epoch: what was read from Git earlier does not answer it. */
  readonly at: number;
  /** What makes the event distinct: a delivery id, a commit, a tick, an operation's start and step. Part of the deduplication id. */
  readonly event: string;
  /** Goes through every log line of the work that the event caused. */
  readonly correlation: string;
  /** How often this message has been received, itself included; not part of the message. */
  readonly received?: number;
}

const VERSION = 1;

const schema = z.strictObject({
  v: z.literal(VERSION),
  namespace: z.string().min(1).max(63),
  name: z.string().min(1).max(253),
  reason: z.enum(REASONS),
  at: z.int().nonnegative(),
  event: z.string().max(512),
  correlation: z.string().max(128),
});

export function encodeRequest(request: ReconcileRequest): string {
  const { application, reason, at, event, correlation } = request;
  return JSON.stringify({ v: VERSION, ...application, reason, at, event, correlation });
}

/** Throws InvalidInput that names what is wrong with the message; such a message is logged and dropped, since no retry mends it. */
export function decodeRequest(body: string): ReconcileRequest {
  let data: unknown;
  try {
    data = JSON.parse(body);
  } catch (cause) {
    throw new InvalidInput('message is not JSON', { cause });
  }
  const parsed = schema.safeParse(data);
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'message'}: ${issue.message}`);
    throw new InvalidInput(`message is not a reconcile request: ${faults.join('; ')}`);
  }
  const { namespace, name, reason, at, event, correlation } = parsed.data;
  return { application: { namespace, name }, reason, at, event, correlation };
}

/** FIFO message group: one Application is worked on by one worker at a time. */
export function groupId(request: ReconcileRequest): string {
  return fitted(qualifiedName(request.application));
}

/** A redelivered event is one message, two different events are two. */
export function deduplicationId(request: ReconcileRequest): string {
  return createHash('sha256')
    .update([qualifiedName(request.application), request.reason, request.event].join('\n'))
    .digest('hex');
}

/** SQS takes 128 characters of a group id; namespace and name may hold 317. */
function fitted(text: string): string {
  return text.length <= 128 ? text : `${text.slice(0, 63)}.${createHash('sha256').update(text).digest('hex')}`;
}
