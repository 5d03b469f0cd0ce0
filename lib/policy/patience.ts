// How long to wait until the next look at what takes its time: looks grow rarer with the time that it has taken.

/** So many seconds at least and at most, and in between a part of the time that has passed. */
export interface Patience {
  readonly least: number;
  readonly most: number;
  /** 4: a quarter. */
  readonly part: number;
}

/** Seconds until the next look. `since` is RFC 3339, the least is waited where it is none; `now` is milliseconds since the epoch. */
export function patientSeconds(since: string | undefined, now: number, { least, most, part }: Patience): number {
  const elapsed = (now - Date.parse(since ?? '')) / 1000 || 0;
  return Math.max(least, Math.min(most, Math.floor(elapsed / part)));
}
