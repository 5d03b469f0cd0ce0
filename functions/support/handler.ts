// The edge of every function: three middy chains (http, queue, schedule) around a story, and the only place of `functions/` where errors
// become status codes or failed messages. What a chain returns is the wrapped handler: export just that.
import middy from '@middy/core';
import httpErrorHandler from '@middy/http-error-handler';
import httpHeaderNormalizer from '@middy/http-header-normalizer';
import sqsPartialBatchFailure from '@middy/sqs-partial-batch-failure';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, SQSEvent, SQSRecord } from 'aws-lambda';
import { createLog } from '../../lib/adapters/log.ts';
import type { Postponement } from '../../lib/adapters/sqs.ts';
import type { Answer, Delivery } from '../../lib/intake/receive.ts';
import { qualifiedName } from '../../lib/model/application.ts';
import { InvalidInput, messageOf, NotPermitted, Unavailable } from '../../lib/model/errors.ts';
import { decodeRequest, type ReconcileRequest } from '../../lib/model/request.ts';
import type { Log } from '../../lib/ports.ts';
import { backoffSeconds, beforeTheEnd, settleByGroup } from './batch.ts';

/** Builds what a story needs; called for each event, so it keeps what it built. */
type Wiring<Ports> = () => Promise<Ports>;

interface Logging {
  readonly log: Log;
}

/** For what fails before there are ports. */
const earlyLog = createLog({ level: 'info' });

/** HTTP API events: the raw body for the story, its answer as JSON; Unavailable is 503, anything else thrown 500, both without details. */
export function httpHandler<Ports>(wiring: Wiring<Ports>, story: (delivery: Delivery, ports: Ports) => Promise<Answer>) {
  return middy<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2>()
    .use(httpErrorHandler({ logger: false, fallbackMessage: json({ message: 'internal error' }) }))
    .onError((request) => {
      earlyLog.error('request failed', { error: request.error });
      if (request.error instanceof Unavailable) request.error = TRY_AGAIN;
    })
    .use(httpHeaderNormalizer())
    .handler(async ({ headers, body, isBase64Encoded }) => {
      const answer = await story({ headers, body: Buffer.from(body ?? '', isBase64Encoded ? 'base64' : 'utf8') }, await wiring());
      return { statusCode: answer.status, headers: { 'content-type': 'application/json' }, body: json(answer.body) };
    });
}

/** Our own message names parts that a stranger need not know of. */
const TRY_AGAIN = Object.assign(new Error(json({ message: 'try again later' })), {
  statusCode: 503,
  expose: true,
  headers: { 'retry-after': '10' },
});

export interface QueuePorts extends Logging {
  /** Has failed messages come back after a backoff; without it the queue's visibility timeout decides. */
  readonly postpone?: (messages: readonly Postponement[]) => Promise<void>;
}

/**
 * SQS events: each message decoded and handed to the story. What no retry mends (a malformed message, InvalidInput, NotPermitted) is logged
 * and acknowledged; anything else thrown fails its message and those behind it in the group. The library only turns settled results into
 * `batchItemFailures`; the order within groups is `settleByGroup`'s, since the library would let a message pass one that failed.
 */
export function queueHandler<Ports extends QueuePorts>(
  wiring: Wiring<Ports>,
  story: (request: ReconcileRequest, ports: Ports, remainingMs: number) => Promise<void>,
) {
  return middy<SQSEvent>()
    .use(sqsPartialBatchFailure({ logger: () => undefined }))
    .onError(({ error }) => earlyLog.error('batch failed', { error }))
    .handler(async ({ Records }, context) => {
      const ports = await wiring();
      const settled = await settleByGroup(Records, (record) =>
        handleRecord(record, ports, (request) => {
          const remainingMs = context.getRemainingTimeInMillis();
          return beforeTheEnd(remainingMs, () => story(request, ports, remainingMs));
        }),
      );
      await comeBackLater(Records, settled, ports);
      return settled;
    });
}

async function handleRecord(record: SQSRecord, { log }: Logging, work: (request: ReconcileRequest) => Promise<void>): Promise<void> {
  const about: Record<string, unknown> = { message: record.messageId, received: Number(record.attributes.ApproximateReceiveCount) };
  try {
    const request = decodeRequest(record.body);
    Object.assign(about, { application: qualifiedName(request.application), reason: request.reason, correlation: request.correlation });
    await work({ ...request, received: Number(record.attributes.ApproximateReceiveCount) });
  } catch (error) {
    if (error instanceof InvalidInput || error instanceof NotPermitted) log.error('message dropped', { ...about, error });
    else {
      log.error('message failed', { ...about, error });
      throw error;
    }
  }
}

async function comeBackLater(
  records: readonly SQSRecord[],
  settled: readonly PromiseSettledResult<void>[],
  ports: QueuePorts,
): Promise<void> {
  const failed = records.flatMap(({ receiptHandle, attributes }, index) => {
    const result = settled[index];
    if (result?.status !== 'rejected') return [];
    return [{ receiptHandle, afterSeconds: backoffSeconds(result.reason, Number(attributes.ApproximateReceiveCount)) }];
  });
  if (failed.length === 0) return;
  try {
    await ports.postpone?.(failed);
  } catch (error) {
    ports.log.warn('failed messages keep their visibility timeout', { reason: messageOf(error) });
  }
}

/** Scheduled events: the story runs; what it throws is logged and fails the invocation. */
export function scheduleHandler<Ports extends Logging>(wiring: Wiring<Ports>, story: (ports: Ports) => Promise<void>) {
  return middy<unknown, void>()
    .onError(({ error }) => earlyLog.error('tick failed', { error }))
    .handler(async () => story(await wiring()));
}

function json(value: unknown): string {
  return JSON.stringify(value);
}
