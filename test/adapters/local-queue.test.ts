// The local queues met over the SQS protocol by the SDK that the functions use.
import {
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Queues, startQueues } from '../../infra/local/queue.ts';

const RESOURCES = [
  {
    logicalId: 'Work',
    name: 'work.fifo',
    properties: {
      QueueName: 'work.fifo',
      FifoQueue: true,
      VisibilityTimeout: 190,
      RedrivePolicy: { deadLetterTargetArn: { 'Fn::GetAtt': ['Dead', 'Arn'] }, maxReceiveCount: 1 },
    },
  },
  { logicalId: 'Dead', name: 'dead.fifo', properties: { QueueName: 'dead.fifo', FifoQueue: true } },
  { logicalId: 'Later', name: 'later', properties: { DelaySeconds: 1 } },
];

let queues: Queues;
let sqs: SQSClient;

beforeEach(async () => {
  queues = await startQueues(RESOURCES, { visibilitySeconds: 1 });
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  sqs = new SQSClient({ endpoint: queues.endpoint, region: 'us-east-1', credentials, useQueueUrlAsEndpoint: false });
});

afterEach(async () => {
  sqs.destroy();
  await queues.close();
});

function urlOf(logicalId: string): string {
  return queues.resources[logicalId]?.ref ?? '';
}

async function send(body: string, group: string, deduplication = body): Promise<void> {
  await sqs.send(
    new SendMessageCommand({ QueueUrl: urlOf('Work'), MessageBody: body, MessageGroupId: group, MessageDeduplicationId: deduplication }),
  );
}

async function receive(logicalId: string, seconds = 0): Promise<readonly Message[]> {
  const input = { QueueUrl: urlOf(logicalId), MaxNumberOfMessages: 10, WaitTimeSeconds: seconds };
  return (await sqs.send(new ReceiveMessageCommand(input))).Messages ?? [];
}

test('a queue has the attributes of its resource, with references answered, and the visibility timeout that was asked for', async () => {
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl: urlOf('Work'), AttributeNames: ['All'] }));
  expect(Attributes).toMatchObject({ FifoQueue: 'true', VisibilityTimeout: '1', QueueArn: 'arn:aws:sqs:us-east-1:000000000000:work.fifo' });
  expect(JSON.parse(Attributes?.['RedrivePolicy'] ?? '')).toEqual({
    deadLetterTargetArn: 'arn:aws:sqs:us-east-1:000000000000:dead.fifo',
    maxReceiveCount: 1,
  });
  expect(queues.urlOf('arn:aws:sqs:us-east-1:000000000000:work.fifo')).toBe(urlOf('Work'));
});

test('everything listens on the loopback address only', () => {
  expect(new URL(queues.endpoint).hostname).toBe('127.0.0.1');
  expect(new URL(urlOf('Work')).hostname).toBe('127.0.0.1');
});

describe('a FIFO queue', () => {
  test('gives a group to one receiver at a time, in order', async () => {
    await send('first', 'a');
    await send('second', 'a');
    const [first, ...others] = await receive('Work');
    expect([first?.Body, others]).toEqual(['first', []]);
    expect(await receive('Work')).toEqual([]);
    await sqs.send(new DeleteMessageCommand({ QueueUrl: urlOf('Work'), ReceiptHandle: first?.ReceiptHandle }));
    expect((await receive('Work')).map(({ Body }) => Body)).toEqual(['second']);
  });

  test('takes a message once that is sent twice', async () => {
    await send('one', 'a', 'same');
    await send('two', 'a', 'same');
    expect(await queues.depth(urlOf('Work'))).toEqual({ visible: 1, inFlight: 0, delayed: 0 });
  });

  test('moves a message that was received too often to its dead-letter queue', async () => {
    await send('poison', 'a');
    expect(await receive('Work')).toHaveLength(1);
    expect(await queues.depth(urlOf('Work'))).toEqual({ visible: 0, inFlight: 1, delayed: 0 });
    expect(await receive('Work', 2)).toEqual([]);
    expect((await receive('Dead')).map(({ Body }) => Body)).toEqual(['poison']);
  });
});

test('a long poll ends when a delayed message is due', async () => {
  await sqs.send(new SendMessageCommand({ QueueUrl: urlOf('Later'), MessageBody: 'later' }));
  expect(await queues.depth(urlOf('Later'))).toEqual({ visible: 0, inFlight: 0, delayed: 1 });
  const asked = Date.now();
  expect((await receive('Later', 10)).map(({ Body }) => Body)).toEqual(['later']);
  expect(Date.now() - asked).toBeLessThan(5000);
});

test('a refusal says which action and why', async () => {
  await expect(queues.call('ReceiveMessage', { QueueUrl: `${queues.endpoint}/0/none` })).rejects.toThrow(
    /queue: ReceiveMessage was refused with 400.*QueueDoesNotExist/,
  );
});
