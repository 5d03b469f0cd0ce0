// Sync windows: when a project lets its Applications be synced (spec/project.md §7).
import { Cron } from 'croner';
import type { Application } from '../model/application.ts';
import { parseDuration } from '../model/duration.ts';
import { messageOf } from '../model/errors.ts';
import { globMatches } from '../model/glob.ts';
import type { AppProject, SyncWindow } from '../model/project.ts';

export interface SyncAsked {
  /** A person asked, rather than auto-sync. */
  readonly manual: boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** When the operation that wants to go on began, milliseconds since the epoch: windows may let it overrun. */
  readonly startedAt?: number | undefined;
}

/** Whether a sync may go on now; if not, in how many seconds a window opens or closes, and the fault of a window that is none. */
export type WindowVerdict = { readonly open: true } | { readonly open: false; readonly afterSeconds: number; readonly fault?: string };

const OPEN: WindowVerdict = { open: true };

/** A window of a project that concerns an Application; `field` is how messages name it. */
export interface AssignedWindow extends SyncWindow {
  readonly field: string;
}

/** The windows that concern an Application, in the project's order. Clusters are matched as the spec names them; none without selectors. */
export function windowsOf({ metadata, spec }: Application, project: AppProject): readonly AssignedWindow[] {
  const { name, server, namespace } = spec.destination;
  const windows = (project.spec.syncWindows ?? []).map((window, index) => ({ ...window, field: `spec.syncWindows[${index}]` }));
  return windows.filter((window) => {
    const selectors: readonly (readonly [patterns: readonly string[], texts: readonly (string | undefined)[]])[] = [
      [window.applications ?? [], [metadata.name]],
      [window.clusters ?? [], [name, server]],
      [window.namespaces ?? [], [namespace]],
    ];
    const asked = selectors.filter(([patterns]) => patterns.length > 0);
    const hits = asked.map(([patterns, texts]) => patterns.some((pattern) => texts.some((text) => matches(pattern, text))));
    return window.andOperator ? hits.length > 0 && hits.every(Boolean) : hits.some(Boolean);
  });
}

function matches(pattern: string, text: string | undefined): boolean {
  return pattern === '*' || (text !== undefined && globMatches(pattern, text));
}

/** Whether these windows, which concern the Application, let a sync go on. A window that cannot be read keeps everything closed. */
export function windowVerdict(windows: readonly AssignedWindow[], asked: SyncAsked): WindowVerdict {
  if (windows.length === 0) return OPEN;
  const read = windows.map(readWindow);
  const faults = read.flatMap((window) => ('fault' in window ? [window.fault] : []));
  if (faults.length > 0) return { open: false, afterSeconds: FAULT_SECONDS, fault: faults.join('; ') };
  const known = read.filter(isRead);
  if (isOpen(known, asked)) return OPEN;
  return { open: false, afterSeconds: secondsToChange(known, asked.now) ?? FAULT_SECONDS };
}

function isRead(window: ReadWindow | { readonly fault: string }): window is ReadWindow {
  return !('fault' in window);
}

/** Until one of them begins or ends; undefined when none ever does. */
function secondsToChange(windows: readonly ReadWindow[], now: number): number | undefined {
  const changes = windows.map((window) => changesAt(window, now)).filter((at) => at !== undefined);
  return changes.length === 0 ? undefined : Math.max(1, Math.ceil((Math.min(...changes) - now) / 1000));
}

/** Nothing tells when a project changes: a closed Application looks again after so long. */
const FAULT_SECONDS = 900;

/** The windows because of which a sync may not go on: those that cannot be read, active denials, or else all that allow. */
export function blockingWindows(windows: readonly AssignedWindow[], asked: SyncAsked): readonly AssignedWindow[] {
  if (windowVerdict(windows, asked).open) return [];
  const read = windows.map((window) => [window, readWindow(window)] as const);
  const faulty = read.filter(([, known]) => 'fault' in known);
  if (faulty.length > 0) return faulty.map(([window]) => window);
  const denies = read.filter(([, known]) => 'cron' in known && known.kind === 'deny' && activeAt(known, asked.now));
  return (denies.length > 0 ? denies : read.filter(([{ kind }]) => kind === 'allow')).map(([window]) => window);
}

/** So many openings and closings are looked at for the one that lets a sync through: a day of one a minute. */
const CHANGES = 24 * 60;

/** When a sync that is kept closed may go on, in milliseconds since the epoch; undefined when that is not in sight. */
export function opensAt(windows: readonly AssignedWindow[], asked: SyncAsked): number | undefined {
  const read = windows.map(readWindow);
  const known = read.filter(isRead);
  if (known.length < read.length) return undefined;
  let { now } = asked;
  for (let change = 0; change < CHANGES; change += 1) {
    if (isOpen(known, { ...asked, now })) return now;
    const seconds = secondsToChange(known, now);
    if (seconds === undefined) return undefined;
    now += seconds * 1000;
  }
  return undefined;
}

interface ReadWindow {
  readonly kind: 'allow' | 'deny';
  readonly cron: Cron;
  readonly durationMs: number;
  readonly timeZone: string;
  readonly manual: boolean;
  readonly overrun: boolean;
}

function isOpen(windows: readonly ReadWindow[], { manual, now, startedAt }: SyncAsked): boolean {
  const isActive = (window: ReadWindow) => activeAt(window, now);
  const denies = windows.filter(({ kind }) => kind === 'deny').filter(isActive);
  const allows = windows.filter(({ kind }) => kind === 'allow');
  if (denies.length === 0 && (allows.length === 0 || allows.some(isActive))) return true;
  const blocking = denies.length > 0 ? denies : allows;
  if (manual && blocking.every((window) => window.manual)) return true;
  if (startedAt === undefined || !blocking.every((window) => window.overrun)) return false;
  return isOpen(windows, { manual, now: startedAt });
}

/** A window is active from just after its schedule's moment; daylight saving counts as it is at `now`, whenever the window began. */
function activeAt({ cron, durationMs, timeZone }: ReadWindow, now: number): boolean {
  const local = now + offsetMs(timeZone, now);
  const begun = cron.nextRun(new Date(local - durationMs));
  return begun !== null && begun.getTime() < local;
}

/** When it next begins or ends. */
function changesAt({ cron, durationMs, timeZone }: ReadWindow, now: number): number | undefined {
  const offset = offsetMs(timeZone, now);
  const local = now + offset;
  const [begun, next] = [cron.nextRun(new Date(local - durationMs)), cron.nextRun(new Date(local))];
  const end = begun && begun.getTime() < local ? begun.getTime() + durationMs : undefined;
  // Just after the moment itself: at the moment nothing has changed yet.
  const moments = [end, next?.getTime()].filter((at) => at !== undefined).map((at) => at - offset + 1000);
  return moments.length === 0 ? undefined : Math.min(...moments);
}

function readWindow(window: AssignedWindow): ReadWindow | { readonly fault: string } {
  const { kind = '', schedule = '', duration = '', timeZone = '', field } = window;
  if (kind !== 'allow' && kind !== 'deny') return { fault: `${field}.kind: '${kind}' is neither allow nor deny` };
  const seconds = /^[+-]?\d+$/.test(duration) && duration !== '0' ? undefined : parseDuration(duration);
  if (seconds === undefined) return { fault: `${field}.duration: '${duration}' is no duration such as 1h30m` };
  try {
    const cron = new Cron(fiveFields(schedule), { timezone: 'UTC' });
    const flags = { manual: window.manualSync === true, overrun: window.syncOverrun === true };
    return { kind, cron, durationMs: seconds * 1000, timeZone, ...flags };
  } catch (error) {
    return { fault: `${field}.schedule: '${schedule}' is no cron schedule such as 0 22 * * MON-FRI: ${messageOf(error)}` };
  }
}

const LAST = [59, 23, 31, 12, 6] as const;
const ITEM = /^([*?]|\d{1,2}|[a-z]{3})(?:-(\d{1,2}|[a-z]{3}))?(?:\/(\d+))?$/i;

/** A schedule as robfig/cron reads it, in croner's words: `?` is `*`, `5/15` is `5-59/15`, and there is nothing beyond it. */
function fiveFields(schedule: string): string {
  const fields = schedule.trim().split(/\s+/);
  if (fields.length !== LAST.length) throw new Error(`it has ${schedule.trim() === '' ? 0 : fields.length} fields instead of 5`);
  return fields
    .map((field, index) =>
      field
        .split(',')
        .map((item) => itemText(item, LAST[index] ?? 0))
        .join(','),
    )
    .join(' ');
}

function itemText(item: string, last: number): string {
  const [, from = '', to, step] = ITEM.exec(item) ?? [];
  if (from === '' || [from, to].some((bound) => bound !== undefined && Number(bound) > last))
    throw new Error(`'${item}' is not understood`);
  const start = from === '?' ? '*' : from;
  if (step === undefined) return to === undefined ? start : `${start}-${to}`;
  return `${start}${start === '*' ? '' : `-${to ?? last}`}/${step}`;
}

/** How far a time zone's clocks are ahead of UTC; an empty or unknown zone is UTC. */
function offsetMs(timeZone: string, now: number): number {
  try {
    const format = new Intl.DateTimeFormat('en', { timeZone: timeZone || 'UTC', timeZoneName: 'longOffset' });
    const text = format.formatToParts(now).find(({ type }) => type === 'timeZoneName')?.value ?? '';
    const [, sign = '+', hours = '0', minutes = '0', seconds = '0'] = /([+-])(\d+):(\d+)(?::(\d+))?/.exec(text) ?? [];
    return (sign === '-' ? -1000 : 1000) * (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds));
  } catch (error) {
    if (error instanceof RangeError) return 0;
    throw error;
  }
}

/** How an Application stands, in the words of `app get`. */
export function windowState(windows: readonly AssignedWindow[], now: number): 'Sync Allowed' | 'Manual Allowed' | 'Sync Denied' {
  if (windowVerdict(windows, { manual: false, now }).open) return 'Sync Allowed';
  return windowVerdict(windows, { manual: true, now }).open ? 'Manual Allowed' : 'Sync Denied';
}
