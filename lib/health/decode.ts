// How a health rule reads a live object: as its type, where unknown fields are ignored, absent numbers are 0 and a wrong type is an error
// (spec/health.md §2).
import * as z from 'zod';
import type { Health, HealthStatusCode } from '../model/application.ts';
import { groupVersionOf, type LiveObject } from '../model/manifest.ts';

/** What is said of an object, or why nothing can be: it is not what its kind says. */
export type Judgement = Health | { readonly fault: string };

/** Judges one live object; undefined means that nothing is said about its health. */
export type HealthRule = (live: LiveObject) => Judgement | undefined;

/** A health without a message has none, not an empty one. */
export function health(status: HealthStatusCode, message?: string | undefined): Health {
  return message ? { status, message } : { status };
}

/** An absent or null number is 0. */
export const count = z
  .int()
  .nullish()
  .transform((value) => value ?? 0);

/** An absent or null text is empty. */
export const text = z
  .string()
  .nullish()
  .transform((value) => value ?? '');

export const flag = z
  .boolean()
  .nullish()
  .transform((value) => value ?? false);

/** An absent or null list is empty. */
export function listOf<T extends z.ZodType>(item: T) {
  return z
    .array(item)
    .nullish()
    .transform((value) => value ?? []);
}

/** A struct whose absence is the same as all its fields being absent. */
export function struct<T extends z.ZodRawShape>(shape: T) {
  return z.preprocess((value) => value ?? {}, z.looseObject(shape));
}

export const metadata = struct({ generation: count, name: text });

export const condition = struct({ type: text, status: text, reason: text, message: text });
export type Condition = z.output<typeof condition>;

/**
 * A rule over typed objects of the versions named. Any other version, or an object that is not of its type, is a fault.
 * `label` is how messages call the kind where that differs from the kind itself (spec/health.md §4).
 */
export function typedRule<T extends z.ZodType>(
  versions: readonly string[],
  schema: T,
  judge: (object: z.output<T>, live: LiveObject) => Health,
  label?: string,
): HealthRule {
  return (live) => {
    const { group, version } = groupVersionOf(live.apiVersion);
    const called = label ?? live.kind;
    if (!versions.includes(version)) return { fault: `unsupported ${called} GVK: ${group}/${version}, Kind=${live.kind}` };
    const decoded = schema.safeParse(live);
    if (decoded.success) return judge(decoded.data, live);
    const faults = decoded.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    return { fault: `failed to convert unstructured ${called} to typed: ${faults.join('; ')}` };
  };
}
