// The queues that serverless.yml declares, behind the SQS protocol on the loopback address.
import { buildApp } from 'fauxqs';
import { Unavailable } from '../../lib/model/errors.ts';
import { type LocalResource, type LocalResources, resolveReferences } from './serverless/references.ts';
import { LOCAL, type QueueResource } from './serverless/service.ts';

/** A message as ReceiveMessage returns it. */
export interface QueueMessage {
  readonly MessageId: string;
  readonly ReceiptHandle: string;
  readonly MD5OfBody: string;
  readonly Body: string;
  readonly Attributes?: Readonly<Record<string, string>>;
  readonly MessageAttributes?: Readonly<Record<string, unknown>>;
}

/** How many messages wait, are being worked on, and are delayed. */
export interface QueueDepth {
  readonly visible: number;
  readonly inFlight: number;
  readonly delayed: number;
}

export interface Queues {
  /** Where the SQS protocol is spoken: `http://127.0.0.1:PORT`. */
  readonly endpoint: string;
  /** What `Ref` and `Fn::GetAtt` of each queue give: its URL, Arn, QueueName, QueueUrl. */
  readonly resources: LocalResources;
  /** URL of the queue with that ARN; undefined when it is none of ours. */
  urlOf(arn: string): string | undefined;
  /** One SQS action, for what the SDK would be too much for. Throws Unavailable with the service's message. */
  call(action: string, input: Readonly<Record<string, unknown>>, signal?: AbortSignal): Promise<Readonly<Record<string, unknown>>>;
  depth(url: string): Promise<QueueDepth>;
  close(): Promise<void>;
}

export interface QueueOptions {
  /** In place of each queue's own visibility timeout, so that a test need not wait for it. */
  readonly visibilitySeconds?: number | undefined;
}

/** Starts the service on a free port and creates the queues, dead-letter queues before those that name them. */
export async function startQueues(queues: readonly QueueResource[], options: QueueOptions = {}): Promise<Queues> {
  const app = buildApp({ logger: false, defaultRegion: LOCAL.region });
  const endpoint = await app.listen({ host: '127.0.0.1', port: 0 });
  const resources = Object.fromEntries(queues.map((queue) => [queue.logicalId, localQueue(queue.name, endpoint)]));
  const call: Queues['call'] = (action, input, signal) => callService(endpoint, action, input, signal);
  for (const queue of queues) await call('CreateQueue', { QueueName: queue.name, Attributes: attributesOf(queue, resources, options) });
  const urls = new Map(Object.values(resources).map(({ ref, attributes }) => [attributes['Arn'], ref]));
  const depth = async (url: string) => depthOf(await call('GetQueueAttributes', { QueueUrl: url, AttributeNames: ['All'] }));
  return { endpoint, resources, urlOf: (arn) => urls.get(arn), call, depth, close: () => app.close() };
}

function localQueue(name: string, endpoint: string): LocalResource {
  const url = `${endpoint}/${LOCAL.accountId}/${name}`;
  return { ref: url, attributes: { Arn: `arn:aws:sqs:${LOCAL.region}:${LOCAL.accountId}:${name}`, QueueName: name, QueueUrl: url } };
}

function attributesOf(queue: QueueResource, resources: LocalResources, options: QueueOptions): Record<string, string> {
  const where = `serverless.yml: resources.Resources.${queue.logicalId}`;
  const given = Object.entries(queue.properties).filter(([name]) => name !== 'QueueName' && name !== 'Tags');
  const own = given.map(([name, value]) => {
    const answered = resolveReferences(value, resources, where);
    return [name, typeof answered === 'object' ? JSON.stringify(answered) : String(answered)];
  });
  const visibility = options.visibilitySeconds === undefined ? {} : { VisibilityTimeout: String(options.visibilitySeconds) };
  return { ...Object.fromEntries(own), ...visibility };
}

async function callService(endpoint: string, action: string, input: Readonly<Record<string, unknown>>, signal?: AbortSignal) {
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': `AmazonSQS.${action}` },
    body: JSON.stringify(input),
    ...(signal && { signal }),
  });
  const text = await response.text();
  if (!response.ok) throw new Unavailable(`queue: ${action} was refused with ${response.status}: ${text}`);
  return text === '' ? {} : JSON.parse(text);
}

function depthOf(answer: Readonly<Record<string, unknown>>): QueueDepth {
  const attributes = new Map(Object.entries(answer['Attributes'] ?? {}));
  const count = (suffix: string) => Number(attributes.get(`ApproximateNumberOfMessages${suffix}`) ?? 0);
  return { visible: count(''), inFlight: count('NotVisible'), delayed: count('Delayed') };
}
