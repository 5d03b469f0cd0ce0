// `rate(…)` and `cron(…)` as EventBridge reads them: when the next tick is due. Pure; UTC.
import { InvalidInput } from '../../../lib/model/errors.ts';

/** Gives the time of the first tick after `after`, both in milliseconds since the epoch. */
export type Schedule = (after: number) => number;

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const UNITS: Readonly<Record<string, number>> = { minute: MINUTE, hour: 60 * MINUTE, day: DAY };
const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const DAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

interface Field {
  readonly name: string;
  readonly least: number;
  readonly most: number;
  readonly names?: readonly string[];
}

/** In the order of the expression (EventBridge, "Cron expressions"); days of the week count from Sunday = 1. */
const FIELDS: readonly Field[] = [
  { name: 'minute', least: 0, most: 59 },
  { name: 'hour', least: 0, most: 23 },
  { name: 'day of month', least: 1, most: 31 },
  { name: 'month', least: 1, most: 12, names: MONTHS },
  { name: 'day of week', least: 1, most: 7, names: DAYS },
  { name: 'year', least: 1970, most: 2199 },
];

/** Throws InvalidInput for an expression that EventBridge would refuse, and for `L`, `W` and `#`, which are not read here. */
export function parseSchedule(expression: string): Schedule {
  const [, kind, inner = ''] = /^(rate|cron)\((.*)\)$/.exec(expression.trim()) ?? [];
  if (kind === 'rate') return rate(inner, expression);
  if (kind === 'cron') return cron(inner, expression);
  throw new InvalidInput(`schedule "${expression}" is neither rate(…) nor cron(…)`);
}

function rate(inner: string, expression: string): Schedule {
  const [, count = '', unit = '', plural] = /^(\d+) (minute|hour|day)(s)?$/.exec(inner.trim()) ?? [];
  const milliseconds = Number(count) * (UNITS[unit] ?? 0);
  const agrees = (plural === 's') === (Number(count) !== 1);
  if (milliseconds === 0 || !agrees)
    throw new InvalidInput(`schedule "${expression}": a rate is written like rate(1 minute) or rate(5 minutes)`);
  return (after) => after + milliseconds;
}

function cron(inner: string, expression: string): Schedule {
  const parts = inner.trim().split(/\s+/);
  if (parts.length !== FIELDS.length) throw new InvalidInput(`schedule "${expression}": a cron expression has six fields`);
  const [minutes, hours, days, months, weekdays, years] = FIELDS.map((field, at) => numbers(parts[at] ?? '', field, expression));
  const onDay = (date: Date) =>
    years?.has(date.getUTCFullYear()) &&
    months?.has(date.getUTCMonth() + 1) &&
    days?.has(date.getUTCDate()) &&
    weekdays?.has(date.getUTCDay() + 1);
  const inMinute = (date: Date) => hours?.has(date.getUTCHours()) && minutes?.has(date.getUTCMinutes());
  return (after) => {
    const date = new Date(Math.floor(after / MINUTE) * MINUTE + MINUTE);
    // Longer than any gap between two ticks: 29 February may be eight years away.
    for (const last = after + 9 * 366 * DAY; date.getTime() <= last; ) {
      if (!onDay(date)) date.setUTCHours(24, 0, 0, 0);
      else if (!inMinute(date)) date.setUTCMinutes(date.getUTCMinutes() + 1);
      else return date.getTime();
    }
    throw new InvalidInput(`schedule "${expression}" never comes again`);
  };
}

function numbers(text: string, field: Field, expression: string): ReadonlySet<number> {
  return new Set(text.split(',').flatMap((item) => range(item, field, expression)));
}

function range(item: string, field: Field, expression: string): readonly number[] {
  const [span = '', step = '1'] = item.split('/', 2);
  const [from = '', to] = span.split('-', 2);
  const any = span === '*' || span === '?';
  const first = any ? field.least : number(from, field);
  const open = any || item.includes('/');
  const last = to === undefined ? (open ? field.most : first) : number(to, field);
  const valid = first >= field.least && last <= field.most && first <= last && Number(step) >= 1;
  if (!valid) throw new InvalidInput(`schedule "${expression}": ${field.name} "${item}" is not understood`);
  return Array.from({ length: Math.floor((last - first) / Number(step)) + 1 }, (_, at) => first + at * Number(step));
}

function number(text: string, field: Field): number {
  const named = field.names?.indexOf(text.toUpperCase()) ?? -1;
  return named >= 0 ? named + field.least : /^\d+$/.test(text) ? Number(text) : Number.NaN;
}
