// serverless.yml read as data: variables, references, functions, events, queues, environment.
import { describe, expect, test } from 'vitest';
import { functionEnvironment } from '../../../infra/local/lambda/environment.ts';
import { type LocalResources, resolveReferences } from '../../../infra/local/serverless/references.ts';
import { type Service, serviceOf } from '../../../infra/local/serverless/service.ts';
import { resolveVariables } from '../../../infra/local/serverless/variables.ts';

/** A variable as serverless.yml writes it. */
const v = (expression: string) => `\${${expression}}`;
const noFile = (path: string): unknown => {
  throw new Error(`no file ${path}`);
};
const sources = { stage: 'local', region: 'us-east-1', accountId: '0', file: noFile };

function service(functions: object, more: object = {}): Service {
  return serviceOf({ service: 'sample', provider: { name: 'aws' }, functions, ...more }, noFile);
}

describe('a variable', () => {
  test.each([
    [v('self:a.b'), 'deep'],
    [v('self:list.1'), 'second'],
    [`x-${v('sls:stage')}-y`, 'x-local-y'],
    [v("opt:region, 'eu-west-1'"), 'us-east-1'],
    [v("opt:other, 'fallback'"), 'fallback'],
    [v('opt:other, 7'), 7],
    [v('self:missing, self:a.b'), 'deep'],
    [v('param:level'), 'of this stage'],
    [v('param:other'), 'of any stage'],
    [v('aws:region'), 'us-east-1'],
    [`${v(`self:a.${v('self:key')}`)}`, 'deep'],
    [v('self:a'), { b: 'deep' }],
    [v('param:unknown'), v('param:unknown')],
    [v("env:HOME, ''"), ''],
    [v('AWS::Region'), v('AWS::Region')],
  ])('%s is %o', (text, expected) => {
    const params = { default: { level: 'of any stage', other: 'of any stage' }, local: { level: 'of this stage' } };
    const root = { a: { b: 'deep' }, key: 'b', list: ['first', 'second'], params, text };
    expect(resolveVariables(root, sources)).toMatchObject({ text: expected });
  });

  test('takes a part of another file', () => {
    const whole = (path: string) => ({ part: `${path} ${v('self:a')}` });
    expect(resolveVariables({ a: 1, text: v('file(queues.yml):part') }, { ...sources, file: whole })).toMatchObject({
      text: 'queues.yml 1',
    });
  });

  test('in a circle is refused', () => {
    expect(() => resolveVariables({ a: v('self:b'), b: v('self:a') }, sources)).toThrow('in a circle');
  });

  test('that puts a map into a text is refused', () => {
    expect(() => resolveVariables({ a: { b: 1 }, text: `x ${v('self:a')}` }, sources)).toThrow('puts a map or a list into a text');
  });
});

const resources: LocalResources = {
  Work: { ref: 'http://127.0.0.1:1/0/work', attributes: { Arn: 'arn:work', QueueName: 'work' } },
};

describe('a reference', () => {
  test.each([
    [{ Ref: 'Work' }, 'http://127.0.0.1:1/0/work'],
    [{ 'Fn::GetAtt': ['Work', 'Arn'] }, 'arn:work'],
    [{ 'Fn::GetAtt': 'Work.QueueName' }, 'work'],
    [{ 'Fn::Sub': `a ${v('Work.Arn')} ${v('!Literal')}` }, `a arn:work ${v('Literal')}`],
    [{ 'Fn::Sub': [`${v('own')}-${v('Work')}`, { own: { Ref: 'Work' } }] }, 'http://127.0.0.1:1/0/work-http://127.0.0.1:1/0/work'],
    [{ 'Fn::Join': [',', ['a', { 'Fn::GetAtt': ['Work', 'Arn'] }]] }, 'a,arn:work'],
    [
      { nested: [{ Ref: 'Work' }], number: 1 },
      { nested: ['http://127.0.0.1:1/0/work'], number: 1 },
    ],
  ])('%o is %o', (value, expected) => {
    expect(resolveReferences(value, resources, 'here')).toEqual(expected);
  });

  test.each([
    [{ Ref: 'Elsewhere' }, 'here: nothing here stands in for Elsewhere'],
    [{ 'Fn::GetAtt': ['Work', 'Name'] }, 'here: nothing here stands in for Work.Name'],
    [{ Ref: 'constructor' }, 'nothing here stands in for constructor'],
    [{ 'Fn::ImportValue': 'x' }, 'Fn::ImportValue is not one that the local host answers'],
  ])('%o is refused: %s', (value, message) => {
    expect(() => resolveReferences(value, resources, 'here')).toThrow(message);
  });
});

describe('a function', () => {
  test('has the limits and the environment of the provider, and its own over them', () => {
    const provider = { name: 'aws', timeout: 30, memorySize: 512, environment: { A: '1', B: '2' } };
    const { functions } = service(
      { plain: { handler: 'functions/plain.handler' }, own: { handler: 'functions/own.handler', timeout: 60, environment: { B: '3' } } },
      { provider },
    );
    expect(functions).toMatchObject([
      { name: 'plain', timeoutSeconds: 30, memoryMb: 512, environment: { A: '1', B: '2' }, events: [] },
      { name: 'own', timeoutSeconds: 60, memoryMb: 512, environment: { A: '1', B: '3' } },
    ]);
  });

  test('is bound to every event that it declares', () => {
    const events = [
      { httpApi: 'post /api/x' },
      { httpApi: '*' },
      { httpApi: { method: 'GET', path: '/{id}' } },
      { sqs: 'arn:aws:sqs:us-east-1:0:q' },
      {
        sqs: { arn: { 'Fn::GetAtt': ['Q', 'Arn'] }, batchSize: 1, functionResponseType: 'ReportBatchItemFailures', maximumConcurrency: 2 },
      },
      { sqs: { arn: 'arn:x', enabled: false } },
      { schedule: 'rate(1 minute)' },
      { schedule: { rate: ['rate(2 minutes)', 'cron(0 1 * * ? *)'], input: { a: 1 } } },
      { schedule: { rate: 'rate(1 day)', enabled: false } },
    ];
    expect(service({ f: { handler: 'f.handler', events } }).functions[0]?.events).toEqual([
      { kind: 'http', method: 'POST', path: '/api/x' },
      { kind: 'http', method: '*', path: '/{proxy+}' },
      { kind: 'http', method: 'GET', path: '/{id}' },
      { kind: 'queue', arn: 'arn:aws:sqs:us-east-1:0:q', batchSize: 10, reportFailures: false, maximumConcurrency: undefined },
      { kind: 'queue', arn: { 'Fn::GetAtt': ['Q', 'Arn'] }, batchSize: 1, reportFailures: true, maximumConcurrency: 2 },
      { kind: 'schedule', expression: 'rate(1 minute)', input: undefined },
      { kind: 'schedule', expression: 'rate(2 minutes)', input: { a: 1 } },
      { kind: 'schedule', expression: 'cron(0 1 * * ? *)', input: { a: 1 } },
    ]);
  });
});

test('queues are found among the resources, in every block of them', () => {
  const queue = (name?: string) => ({ Type: 'AWS::SQS::Queue', Properties: { ...(name && { QueueName: name }), FifoQueue: true } });
  const blocks = [
    { Resources: { A: queue(`${v('self:service')}-a.fifo`), Role: { Type: 'AWS::IAM::Role' } } },
    { Resources: { B: queue() } },
  ];
  expect(service({}, { resources: blocks }).queues).toMatchObject([
    { logicalId: 'A', name: 'sample-a.fifo', properties: { FifoQueue: true } },
    { logicalId: 'B', name: 'B' },
  ]);
});

describe('a file that cannot be bound says where:', () => {
  test.each([
    [{ f: { handler: 'f' } }, 'functions.f.handler'],
    [{ f: { handler: 'f.handler', events: [{ s3: 'bucket' }] } }, 'functions.f.events.0'],
    [{ f: { handler: 'f.handler', timeout: 901 } }, 'functions.f.timeout'],
    [{ f: { handler: 'f.handler', events: [{ schedule: 'hourly' }] } }, 'schedule "hourly"'],
  ])('%o', (functions, message) => {
    expect(() => service(functions)).toThrow(message);
  });
});

describe('the environment of a function', () => {
  const given = (environment: Record<string, unknown>) => {
    const [only] = service({ f: { handler: 'f.handler', environment } }).functions;
    if (only === undefined) throw new Error('no function');
    return only;
  };

  test('has references answered, texts made of all values, and the local values over the declared ones', () => {
    const environment = functionEnvironment(
      given({ URL: { Ref: 'Work' }, N: 180, GONE: v('param:secret'), SECRET: '{{resolve:x}}' }),
      resources,
      {
        GONE: undefined,
        SECRET: 'local',
      },
    );
    expect(environment).toMatchObject({ URL: 'http://127.0.0.1:1/0/work', N: '180', SECRET: 'local', AWS_LAMBDA_FUNCTION_NAME: 'f' });
    expect(environment).not.toHaveProperty('GONE');
  });

  test('without a value for a variable is refused with its name', () => {
    expect(() => functionEnvironment(given({ TOKEN: v('param:token') }), resources, {})).toThrow('functions.f: TOKEN is');
    expect(() => functionEnvironment(given({ TOKEN: { Ref: 'Nothing' } }), resources, {})).toThrow(
      'functions.f: TOKEN: nothing here stands in for Nothing',
    );
  });
});
