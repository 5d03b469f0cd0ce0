// serverless.yml read as data: functions, the events that call them, and the queues among its resources.
// The file is the only list of them; the local host binds what it finds here.
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parse } from 'yaml';
import * as z from 'zod';
import { InvalidInput, messageOf } from '../../../lib/model/errors.ts';
import { isRecord } from '../../../lib/model/manifest.ts';
import { parseSchedule } from './schedule.ts';
import { resolveVariables } from './variables.ts';

export interface HttpEvent {
  readonly kind: 'http';
  /** `POST`, or `*` for any. */
  readonly method: string;
  /** `/api/webhook`; `{name}` stands for one segment, `{name+}` for the rest. */
  readonly path: string;
}

export interface QueueEvent {
  readonly kind: 'queue';
  /** An ARN, or a reference to one. */
  readonly arn: unknown;
  readonly batchSize: number;
  readonly reportFailures: boolean;
  readonly maximumConcurrency?: number | undefined;
}

export interface ScheduleEvent {
  readonly kind: 'schedule';
  /** `rate(1 minute)` or `cron(…)`. */
  readonly expression: string;
  readonly input?: unknown;
}

export type FunctionEvent = HttpEvent | QueueEvent | ScheduleEvent;

export interface ServiceFunction {
  readonly name: string;
  /** Module and export, `functions/webhook.handler`. */
  readonly handler: string;
  readonly timeoutSeconds: number;
  readonly memoryMb: number;
  readonly reservedConcurrency?: number | undefined;
  /** The provider's and the function's own, references unanswered. */
  readonly environment: Readonly<Record<string, unknown>>;
  readonly events: readonly FunctionEvent[];
}

/** A resource of type `AWS::SQS::Queue`. */
export interface QueueResource {
  readonly logicalId: string;
  readonly name: string;
  readonly properties: Readonly<Record<string, unknown>>;
}

export interface Service {
  readonly name: string;
  readonly region: string;
  readonly functions: readonly ServiceFunction[];
  readonly queues: readonly QueueResource[];
}

export const LOCAL = { stage: 'local', region: 'us-east-1', accountId: '000000000000' };

const environment = z.record(z.string(), z.unknown()).default({});
const concurrency = z.int().min(0).optional();
const sqs = z.union([
  z.string().transform((arn) => ({ arn: arn as unknown })), // widened: the object form may hold a reference
  z.looseObject({
    arn: z.unknown(),
    batchSize: z.int().min(1).max(10_000).optional(),
    functionResponseType: z.literal('ReportBatchItemFailures').optional(),
    maximumConcurrency: z.int().min(2).optional(),
    enabled: z.boolean().optional(),
  }),
]);
const schedule = z.union([
  z.string(),
  z.looseObject({ rate: z.union([z.string(), z.array(z.string())]), enabled: z.boolean().optional(), input: z.unknown().optional() }),
]);
const httpApi = z.union([z.string(), z.looseObject({ method: z.string(), path: z.string() })]);
const event = z.strictObject({ httpApi: httpApi.optional(), sqs: sqs.optional(), schedule: schedule.optional() });
const lambda = z.looseObject({
  handler: z.string().regex(/^[\w./-]+\.\w+$/, 'is "path/of/module.export"'),
  timeout: z.int().min(1).max(900).optional(),
  memorySize: z.int().optional(),
  reservedConcurrency: concurrency,
  environment,
  events: z.array(event).default([]),
});
const resources = z.looseObject({
  Resources: z
    .record(z.string(), z.looseObject({ Type: z.string(), Properties: z.record(z.string(), z.unknown()).default({}) }))
    .default({}),
});
const document = z.looseObject({
  service: z.string(),
  provider: z.looseObject({ environment, timeout: z.int().optional(), memorySize: z.int().optional() }),
  functions: z.record(z.string(), lambda),
  resources: z.union([resources, z.array(resources)]).optional(),
});

/** CloudFormation's short tags as the maps that they stand for. */
const TAGS = ['Ref', 'Sub', 'GetAtt', 'Join'].flatMap((name) => {
  const key = name === 'Ref' ? name : `Fn::${name}`;
  const tag = `!${name}`;
  return [
    { tag, resolve: (text: string) => ({ [key]: text }) },
    { tag, collection: 'seq' as const, resolve: (node: { toJSON(): unknown }) => ({ [key]: node.toJSON() }) },
  ];
});

/** Reads the file and what it includes. Throws InvalidInput that lists every fault with its path. */
export function readServerless(path: string): Service {
  return serviceOf(read(path), (include) => read(resolve(dirname(path), include)));
}

function read(path: string): unknown {
  try {
    return parse(readFileSync(path, 'utf8'), { customTags: TAGS });
  } catch (cause) {
    throw new InvalidInput(`${path} cannot be read: ${messageOf(cause)}`, { cause });
  }
}

/** The service that a parsed document describes; `file` gives the documents that it includes. Throws InvalidInput. */
export function serviceOf(raw: unknown, file: (path: string) => unknown): Service {
  const parsed = document.safeParse(resolveVariables(raw, { ...LOCAL, file }));
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    throw new InvalidInput(
      `serverless.yml is not one that the local host can bind (httpApi, sqs and schedule events): ${faults.join('; ')}`,
    );
  }
  const { service, provider, functions } = parsed.data;
  const blocks = [parsed.data.resources ?? []].flat();
  return {
    name: service,
    region: LOCAL.region,
    functions: Object.entries(functions).map(([name, given]) => functionOf(name, given, provider)),
    queues: blocks.flatMap(({ Resources }) => queuesOf(Resources)),
  };
}

function functionOf(name: string, given: z.infer<typeof lambda>, provider: z.infer<typeof document>['provider']): ServiceFunction {
  return {
    name,
    handler: given.handler,
    timeoutSeconds: given.timeout ?? provider.timeout ?? 6,
    memoryMb: given.memorySize ?? provider.memorySize ?? 1024,
    reservedConcurrency: given.reservedConcurrency,
    environment: { ...provider.environment, ...given.environment },
    events: given.events.flatMap(eventsOf),
  };
}

function eventsOf(given: z.infer<typeof event>): readonly FunctionEvent[] {
  return [...httpEvents(given.httpApi), ...queueEvents(given.sqs), ...scheduleEvents(given.schedule)];
}

function httpEvents(given: z.infer<typeof httpApi> | undefined): readonly HttpEvent[] {
  if (given === undefined) return [];
  const [method = '*', path = '*'] = typeof given === 'string' ? given.split(/\s+/, 2) : [given.method, given.path];
  return [{ kind: 'http', method: method.toUpperCase(), path: path === '*' ? '/{proxy+}' : path }];
}

function queueEvents(given: z.infer<typeof sqs> | undefined): readonly QueueEvent[] {
  if (given === undefined || ('enabled' in given && given.enabled === false)) return [];
  const { arn, batchSize, functionResponseType, maximumConcurrency } = {
    batchSize: undefined,
    functionResponseType: undefined,
    maximumConcurrency: undefined,
    ...given,
  };
  return [{ kind: 'queue', arn, batchSize: batchSize ?? 10, reportFailures: functionResponseType !== undefined, maximumConcurrency }];
}

/** Throws InvalidInput for an expression that is not understood, so that whoever binds it need not. */
function scheduleEvents(given: z.infer<typeof schedule> | undefined): readonly ScheduleEvent[] {
  if (given === undefined) return [];
  const { rate, enabled, input } = typeof given === 'string' ? { rate: given, enabled: true, input: undefined } : given;
  if (enabled === false) return [];
  return [rate].flat().map((expression) => {
    parseSchedule(expression);
    return { kind: 'schedule', expression, input };
  });
}

function queuesOf(all: z.infer<typeof resources>['Resources']): readonly QueueResource[] {
  return Object.entries(all)
    .filter(([, resource]) => resource.Type === 'AWS::SQS::Queue')
    .map(([logicalId, { Properties }]) => ({ logicalId, name: queueName(logicalId, Properties), properties: Properties }));
}

function queueName(logicalId: string, properties: Readonly<Record<string, unknown>>): string {
  const given = properties['QueueName'];
  if (isRecord(given)) throw new InvalidInput(`serverless.yml: resources.Resources.${logicalId}: QueueName must be a plain text`);
  return given === undefined ? logicalId : String(given);
}
