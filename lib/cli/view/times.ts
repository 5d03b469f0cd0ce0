// Times and durations written as Go writes them, which is what people's scripts parse.

/** `2026-11-22 15:04:05 +0000 UTC`, in the named time zone; `<nil>` for none. */
export function timeText(time: string | undefined, zone: string): string {
  const instant = Date.parse(time ?? '');
  if (Number.isNaN(instant)) return '<nil>';
  const parts = partsOf(instant, zone);
  return `${parts.date} ${parts.time} ${parts.offset.replace(':', '')} ${parts.zone}`;
}

/** `2026-11-22T15:04:05+00:00`, in the named time zone. */
export function stampText(instant: number, zone: string): string {
  const parts = partsOf(instant, zone);
  return `${parts.date}T${parts.time}${parts.offset}`;
}

/** `1h2m3s`; seconds are rounded down. */
export function durationText(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  const rest = `${seconds % 60}s`;
  if (hours > 0) return `${hours}h${minutes}m${rest}`;
  return minutes > 0 ? `${minutes}m${rest}` : rest;
}

function partsOf(instant: number, zone: string): { date: string; time: string; offset: string; zone: string } {
  const fields = fieldsOf(instant, zone, 'longOffset');
  const offset = fields('timeZoneName').replace('GMT', '');
  return {
    date: `${fields('year')}-${fields('month')}-${fields('day')}`,
    time: `${fields('hour')}:${fields('minute')}:${fields('second')}`,
    offset: offset === '' ? '+00:00' : offset,
    zone: fieldsOf(instant, zone, 'short')('timeZoneName'),
  };
}

function fieldsOf(instant: number, zone: string, timeZoneName: 'longOffset' | 'short'): (type: string) => string {
  const digits = '2-digit';
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: digits,
    day: digits,
    hour: digits,
    minute: digits,
    second: digits,
    timeZoneName,
  });
  const parts = format.formatToParts(instant);
  return (type) => parts.find((part) => part.type === type)?.value ?? '';
}
