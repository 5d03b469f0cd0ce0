// How long to wait until the next look at what takes its time: looks grow rarer with the time that it has taken.
import { drawn } from '../model/spread.ts';

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

/**
 * Seconds, a fifth more or less, so that the many that one cause holds up do not come back as one. `seed` alone decides: the same answer for
 * the same seed.
 */
export function spreadSeconds(seconds: number, seed: string): number {
  return Math.round(seconds * (0.8 + 0.4 * drawn(seed)));
}
