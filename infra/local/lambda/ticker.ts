// EventBridge's schedule: an event each time an expression says so, so many times faster than it says.
import { randomUUID } from 'node:crypto';
import { parseSchedule } from '../serverless/schedule.ts';
import { LOCAL } from '../serverless/service.ts';

export interface TickerOptions {
  readonly functionName: string;
  /** `rate(…)` or `cron(…)`. */
  readonly expression: string;
  /** In place of the event that EventBridge makes. */
  readonly input?: unknown;
  /** How many times faster than written. */
  readonly factor: number;
  /** Called for a tick; false when the last one is still at work and this one is left out. */
  readonly tick: (event: unknown) => boolean;
}

export interface Ticker {
  /** Milliseconds from now to the next tick. */
  readonly everyMs: number;
  /** A tick now, besides those that are due. */
  now(): boolean;
  close(): void;
}

/** Throws InvalidInput for an expression that is not understood. */
export function startTicker(options: TickerOptions): Ticker {
  const schedule = parseSchedule(options.expression);
  const delay = () => Math.max(1, (schedule(Date.now()) - Date.now()) / options.factor);
  const fire = () => options.tick(options.input ?? scheduledEvent(options.functionName));
  let timer: NodeJS.Timeout;
  const arm = () => {
    // setTimeout takes 24 days at most; what is due later is not due here.
    timer = setTimeout(
      () => {
        fire();
        arm();
      },
      Math.min(delay(), 2 ** 31 - 1),
    );
  };
  arm();
  return { everyMs: delay(), now: fire, close: () => clearTimeout(timer) };
}

/** "Amazon EventBridge events", a scheduled event. */
function scheduledEvent(functionName: string): Readonly<Record<string, unknown>> {
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': 'Scheduled Event',
    source: 'aws.events',
    account: LOCAL.accountId,
    time: new Date().toISOString().replace(/\.\d+Z$/, 'Z'),
    region: LOCAL.region,
    resources: [`arn:aws:events:${LOCAL.region}:${LOCAL.accountId}:rule/${functionName}`],
    detail: {},
  };
}
