// How a health rule reads an object for which Argo CD has a script rather than a type (spec/health.md §6): in whatever version, and a value
// that has not the type expected counts as absent.
import * as z from 'zod';
import type { Health } from '../model/application.ts';
import { isRecord, type LiveObject } from '../model/manifest.ts';
import type { HealthRule } from './decode.ts';

export const text = z.preprocess((value) => (typeof value === 'string' ? value : ''), z.string());
export const flag = z.preprocess((value) => value === true, z.boolean());

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

const conditions = listOf(struct({ type: text, status: text, reason: text, message: text }));

/** Kinds that are judged by `status.conditions` alone. */
export const conditioned = struct({ status: struct({ conditions }) });

/** A rule over objects of any version. The schema is made of this file's parts, so there is nothing that it does not fit. */
export function lenientRule<T extends z.ZodType>(
  schema: T,
  judge: (object: z.output<T>, live: LiveObject) => Health | undefined,
): HealthRule {
  return (live) => judge(schema.parse(live), live);
}
