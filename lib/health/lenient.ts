// How a health rule reads an object for which Argo CD has a script rather than a type (spec/health.md §6): in whatever version, and a value
// that has not the type expected counts as absent.
import * as z from 'zod';
import type { Health } from '../model/application.ts';
import { isRecord, type LiveObject } from '../model/manifest.ts';
import { type Condition, type HealthRule, health, type Judgement } from './decode.ts';

export const text = z.preprocess((value) => (typeof value === 'string' ? value : ''), z.string());
export const flag = z.preprocess((value) => value === true, z.boolean());

/** An absent number is 0 unless the API defaults it otherwise. */
export function countOr(standard: number) {
  return z.preprocess((value) => (Number.isSafeInteger(value) ? value : standard), z.int());
}
export const count = countOr(0);

/** A struct is always there; without fields when it was absent. */
export function struct<T extends z.ZodRawShape>(shape: T) {
  return z.preprocess((value) => (isRecord(value) ? value : {}), z.object(shape));
}

/** A struct whose absence says something by itself. */
export function optional<T extends z.ZodRawShape>(shape: T) {
  return z.preprocess((value) => (isRecord(value) ? value : undefined), z.object(shape).optional());
}

export function listOf<T extends z.ZodType>(item: T) {
  return z.preprocess((value) => (Array.isArray(value) ? value : []), z.array(item));
}

export const metadata = struct({ generation: count });

export const conditions = listOf(struct({ type: text, status: text, reason: text, message: text, observedGeneration: count }));

/** Kinds that are judged by `status.conditions` alone. */
export const conditioned = struct({ metadata, status: struct({ conditions }) });

/** A rule over objects of any version. The schema is made of this file's parts, so there is nothing that it does not fit. */
export function lenientRule<T extends z.ZodType>(
  schema: T,
  judge: (object: z.output<T>, live: LiveObject) => Judgement | undefined,
): HealthRule {
  return (live) => judge(schema.parse(live), live);
}

/** The conditions that speak of the object as it is now, not of an earlier generation; one that names none does. */
export function currentOf<T extends { readonly observedGeneration: number }>(all: readonly T[], generation: number): readonly T[] {
  return all.filter(({ observedGeneration: observed }) => observed === 0 || observed >= generation);
}

/** The first condition of a type, with that status where one is named. */
export function conditionOf<T extends Condition>(all: readonly T[], wanted: string, status?: string): T | undefined {
  return all.find((condition) => condition.type === wanted && (status === undefined || condition.status === status));
}

/** Degraded while a condition is False, Healthy once it is True, with its message; Progressing with `waiting` until it is either. */
export function byCondition(all: readonly Condition[], type: string, waiting: string): Health {
  const failed = conditionOf(all, type, 'False');
  if (failed) return health('Degraded', failed.message);
  const reached = conditionOf(all, type, 'True');
  return reached ? health('Healthy', reached.message) : health('Progressing', waiting);
}

/** What a condition tells, in words where it has some. */
export function told(condition: Condition): string {
  return condition.message || condition.reason;
}
