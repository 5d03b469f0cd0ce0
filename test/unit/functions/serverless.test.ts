// serverless.yml as data: what AWS would refuse only at deployment, or would silently do otherwise than meant.
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { KEPT_MS } from '../../../lib/adapters/pruned-objects.ts';
import { EXPIRES_AFTER_DAYS } from '../../../lib/adapters/s3.ts';
import { isRecord } from '../../../lib/model/manifest.ts';

const DAY_MS = 86_400_000;

type Fields = Readonly<Record<string, unknown>>;

const file: unknown = parse(readFileSync('serverless.yml', 'utf8'));

function at(node: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>((value, key) => (isRecord(value) || Array.isArray(value) ? Reflect.get(value, key) : undefined), node);
}

function entries(...path: readonly string[]): readonly (readonly [string, Fields])[] {
  const found = at(file, ...path);
  return Object.entries(isRecord(found) ? found : {}).map(([name, value]) => [name, isRecord(value) ? value : {}]);
}

const functions = entries('functions');
const resourcesOf = (type: string) => entries('resources', 'Resources').filter(([, { Type }]) => Type === type);
const queues = resourcesOf('AWS::SQS::Queue');
const queueEvents = functions.flatMap(([name, given]) =>
  [given['events']].flat().flatMap((event) => {
    const sqs = at(event, 'sqs');
    return isRecord(sqs) ? [{ name, timeout: Number(given['timeout']), sqs, queue: String(at(sqs, 'arn', 'Fn::GetAtt', 0)) }] : [];
  }),
);
const environmentOf = (name: string) => Object(at(file, 'functions', name, 'environment')) as Fields; // an object, if an empty one
const propertiesOf = (logicalId: string) => at(file, 'resources', 'Resources', logicalId, 'Properties');

describe('serverless.yml', () => {
  test('declares the four functions, each a module that is there', () => {
    expect(functions.map(([name]) => name)).toEqual(['webhook', 'reconcile', 'later', 'sweep']);
    for (const [, { handler }] of functions) expect(existsSync(String(handler).replace(/\.handler$/, '.ts'))).toBe(true);
  });

  test('gives each function a role of its own, and no function all rights to anything', () => {
    const roles = new Map(resourcesOf('AWS::IAM::Role'));
    expect(functions.map(([, { role }]) => role).sort()).toEqual([...roles.keys()].sort());
    const statements = [...roles.values()].flatMap((role) => [at(role, 'Properties', 'Policies', 0, 'PolicyDocument', 'Statement')].flat());
    expect(statements.length).toBeGreaterThan(8);
    for (const statement of statements) {
      expect(JSON.stringify(at(statement, 'Action'))).not.toContain('*');
      expect([at(statement, 'Resource')].flat()).not.toContain('*');
    }
  });

  test('lets the webhook secret reach the webhook alone', () => {
    const knowing = functions.filter(([, given]) => JSON.stringify(given).includes('WEBHOOK_GITHUB_SECRET')).map(([name]) => name);
    expect(knowing).toEqual(['webhook']);
    expect(JSON.stringify(at(file, 'provider'))).not.toContain('WEBHOOK');
  });

  test('reports partial failures of every queue that it reads, for the queue would lose what failed otherwise', () => {
    expect(queueEvents.map(({ name }) => name)).toEqual(['reconcile', 'later']);
    for (const { sqs } of queueEvents) expect(sqs).toMatchObject({ functionResponseType: 'ReportBatchItemFailures', batchSize: 10 });
  });

  test.each(queueEvents)('hides a message longer than $name may work on it', ({ timeout, queue }) => {
    expect(at(propertiesOf(queue), 'VisibilityTimeout')).toBeGreaterThanOrEqual(timeout);
  });

  test.each(queueEvents)('gives $queue a dead-letter queue of its own kind', ({ queue }) => {
    const dead = String(at(propertiesOf(queue), 'RedrivePolicy', 'deadLetterTargetArn', 'Fn::GetAtt', 0));
    expect(queues.map(([name]) => name)).toContain(dead);
    expect(at(propertiesOf(dead), 'FifoQueue')).toBe(at(propertiesOf(queue), 'FifoQueue'));
    expect(String(at(propertiesOf(queue), 'QueueName')).endsWith('.fifo')).toBe(at(propertiesOf(queue), 'FifoQueue') === true);
    expect(String(at(propertiesOf(dead), 'QueueName')).endsWith('.fifo')).toBe(at(propertiesOf(queue), 'FifoQueue') === true);
  });

  test('answers webhooks before senders give up, and ends a sweep before the next', () => {
    expect(at(file, 'functions', 'webhook', 'timeout')).toBeLessThanOrEqual(10);
    expect(at(file, 'functions', 'sweep', 'timeout')).toBeLessThan(60);
  });

  test('keeps on the disk of the worker what it has room for, and leaves a quarter to what is being fetched', () => {
    const room = Number(at(file, 'functions', 'reconcile', 'ephemeralStorageSize'));
    const { EVENKEEL_CACHE_MIB: kept } = environmentOf('reconcile');
    expect(kept).toBeGreaterThan(0);
    expect(kept).toBeLessThanOrEqual((room * 3) / 4);
  });

  test('keeps the bucket of renders closed to everybody else, and to connections that others can read', () => {
    const bucket = propertiesOf('RenderBucket');
    const closed = { BlockPublicAcls: true, BlockPublicPolicy: true, IgnorePublicAcls: true, RestrictPublicBuckets: true };
    expect(at(bucket, 'PublicAccessBlockConfiguration')).toEqual(closed);
    const encryption = at(bucket, 'BucketEncryption', 'ServerSideEncryptionConfiguration', 0, 'ServerSideEncryptionByDefault');
    expect(encryption).toEqual({ SSEAlgorithm: 'AES256' });
    expect(at(propertiesOf('RenderBucketPolicy'), 'Bucket')).toEqual({ Ref: 'RenderBucket' });
    expect(at(propertiesOf('RenderBucketPolicy'), 'PolicyDocument', 'Statement', 0)).toMatchObject({
      ...{ Effect: 'Deny', Principal: '*', Action: 's3:*' },
      Resource: [{ 'Fn::GetAtt': ['RenderBucket', 'Arn'] }, { 'Fn::Sub': `\${RenderBucket.Arn}/*` }],
      Condition: { Bool: { 'aws:SecureTransport': 'false' } },
    });
  });

  test('lets renders expire when the worker thinks that they do, and lets the worker alone at them', () => {
    const rule = at(propertiesOf('RenderBucket'), 'LifecycleConfiguration', 'Rules', 0);
    expect(rule).toMatchObject({ Status: 'Enabled', Prefix: 'renders/', ExpirationInDays: EXPIRES_AFTER_DAYS });
    const knowing = (text: string, named: readonly (readonly [string, Fields])[]) =>
      named.filter(([, given]) => JSON.stringify(given).includes(text)).map(([name]) => name);
    expect(knowing('RenderBucket', functions)).toEqual(['reconcile']);
    expect(knowing('RenderBucket', resourcesOf('AWS::IAM::Role'))).toEqual(['ReconcileRole']);
    const statements = [at(propertiesOf('ReconcileRole'), 'Policies', 0, 'PolicyDocument', 'Statement')].flat();
    expect(statements.filter((statement) => JSON.stringify(statement).includes('s3:'))).toEqual([
      {
        Effect: 'Allow',
        Action: ['s3:GetObject', 's3:PutObject'],
        Resource: [{ 'Fn::Sub': `\${RenderBucket.Arn}/renders/*` }, { 'Fn::Sub': `\${RenderBucket.Arn}/pruned/*` }],
      },
      { Effect: 'Allow', Action: ['s3:ListBucket'], Resource: [{ 'Fn::GetAtt': ['RenderBucket', 'Arn'] }] },
    ]);
  });

  test('closes what was pruned with a key of its own, for the worker alone, and lets it expire after its day', () => {
    const rule = at(propertiesOf('RenderBucket'), 'LifecycleConfiguration', 'Rules', 1);
    expect(rule).toMatchObject({ Status: 'Enabled', Prefix: 'pruned/', ExpirationInDays: KEPT_MS / DAY_MS + 1 });
    expect(environmentOf('reconcile')['EVENKEEL_PRUNED_KEY']).toEqual({ 'Fn::GetAtt': ['PrunedKey', 'Arn'] });
    const knowing = resourcesOf('AWS::IAM::Role').filter(([, role]) => JSON.stringify(role).includes('kms:'));
    expect(knowing.map(([name]) => name)).toEqual(['ReconcileRole']);
    expect(propertiesOf('PrunedKey')).toMatchObject({ EnableKeyRotation: true });
  });
});
