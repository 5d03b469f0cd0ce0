// Functions bound to the events that serverless.yml declares: HTTP routes, queues and schedules. The file is the only list of them.
import { InvalidInput } from '../../../lib/model/errors.ts';
import type { Queues } from '../queue.ts';
import { resolveReferences } from '../serverless/references.ts';
import type { QueueEvent, Service } from '../serverless/service.ts';
import type { Functions } from './functions.ts';
import { type Route, startGateway } from './gateway.ts';
import { type PollerOptions, startPoller } from './poller.ts';
import { startTicker, type Ticker } from './ticker.ts';

export interface BindOptions {
  readonly service: Service;
  readonly functions: Functions;
  readonly queues: Queues;
  /** Port of the HTTP API; 0: a free one. */
  readonly port: number;
  /** How many times faster than written the schedules tick. */
  readonly factor: number;
  readonly onBatch: (functionName: string, batch: { readonly received: number; readonly failed: number }) => void;
  readonly onTick: (functionName: string, taken: boolean) => void;
  readonly log: (line: string) => void;
}

export interface BoundRoute {
  readonly functionName: string;
  readonly method: string;
  readonly path: string;
}

export interface BoundQueue {
  readonly functionName: string;
  readonly arn: string;
}

export interface BoundSchedule {
  readonly functionName: string;
  readonly expression: string;
  /** How often it ticks here. */
  readonly everyMs: number;
}

export interface Bound {
  /** `http://127.0.0.1:PORT` of the HTTP API. */
  readonly endpoint: string;
  readonly routes: readonly BoundRoute[];
  readonly queues: readonly BoundQueue[];
  readonly schedules: readonly BoundSchedule[];
  /** A tick of the function's schedules now. False when it was left out: the last one is still at work. */
  tick(functionName: string): boolean;
  /** Takes no more events; resolves when the batches at work have been settled. */
  close(): Promise<void>;
}

interface Bindings {
  readonly routes: readonly (Route & BoundRoute)[];
  readonly polls: readonly (PollerOptions & BoundQueue)[];
  readonly ticks: readonly (BoundSchedule & { readonly ticker: Ticker })[];
}

/** Throws InvalidInput for a taken port, a queue that is none of ours, or a schedule that is not understood; nothing is left bound then. */
export async function bindEvents(options: BindOptions): Promise<Bound> {
  const routes = routesOf(options);
  const polls = pollsOf(options);
  const ticks = ticksOf(options);
  const gateway = await startGateway(routes, options.port).catch((thrown: unknown) => {
    for (const { ticker } of ticks) ticker.close();
    throw thrown;
  });
  const pollers = polls.map(startPoller);
  return {
    ...described({ routes, polls, ticks }),
    endpoint: gateway.url,
    tick: (name) => ticks.filter((tick) => tick.functionName === name).every(({ ticker }) => ticker.now()),
    close: async () => {
      for (const { ticker } of ticks) ticker.close();
      await Promise.all([gateway.close(), ...pollers.map((poller) => poller.close())]);
    },
  };
}

function described({ routes, polls, ticks }: Bindings): Pick<Bound, 'routes' | 'queues' | 'schedules'> {
  return {
    routes: routes.map(({ functionName, method, path }) => ({ functionName, method, path })),
    queues: polls.map(({ functionName, arn }) => ({ functionName, arn })),
    schedules: ticks.map(({ functionName, expression, everyMs }) => ({ functionName, expression, everyMs })),
  };
}

function routesOf({ service, functions }: BindOptions): Bindings['routes'] {
  return service.functions.flatMap(({ name, events }) =>
    events
      .filter((event) => event.kind === 'http')
      .map((event) => ({ ...event, functionName: name, invoke: (input: unknown) => functions.pool(name).invoke(input) })),
  );
}

function pollsOf(options: BindOptions): Bindings['polls'] {
  return options.service.functions.flatMap(({ name, events }) =>
    events.filter((event) => event.kind === 'queue').map((event) => pollOf(name, event, options)),
  );
}

function pollOf(name: string, event: QueueEvent, { functions, queues, onBatch, log }: BindOptions): PollerOptions & BoundQueue {
  const where = `serverless.yml: functions.${name}: sqs`;
  const arn = String(resolveReferences(event.arn, queues.resources, where));
  const url = queues.urlOf(arn);
  if (url === undefined) throw new InvalidInput(`${where}: ${arn} is none of the queues that the file declares`);
  const { limit } = functions.pool(name).options;
  return {
    functionName: name,
    queues,
    arn,
    url,
    batchSize: event.batchSize,
    reportFailures: event.reportFailures,
    concurrency: Math.min(event.maximumConcurrency ?? limit, limit),
    invoke: (input) => functions.pool(name).invoke(input),
    onBatch: (batch) => onBatch(name, batch),
    log,
  };
}

function ticksOf(options: BindOptions): Bindings['ticks'] {
  const { service, factor } = options;
  return service.functions.flatMap(({ name, events }) =>
    events
      .filter((event) => event.kind === 'schedule')
      .map(({ expression, input }) => {
        const ticker = startTicker({ functionName: name, expression, input, factor, tick: (tick) => take(name, tick, options) });
        return { functionName: name, expression, everyMs: ticker.everyMs, ticker };
      }),
  );
}

/** A tick is left out while every worker of the function is at work, so that slow ticks do not pile up. */
function take(name: string, event: unknown, { functions, onTick }: BindOptions): boolean {
  const pool = functions.pool(name);
  const taken = !pool.full;
  onTick(name, taken);
  if (taken) void pool.invoke(event);
  return taken;
}
