// One key of argocd-cm: its text as typed data, or what is wrong with it.
import * as z from 'zod';
import { parseBool } from './bool.ts';
import { InvalidInput, messageOf } from './errors.ts';
import { parseYaml } from './yaml.ts';

/** What could be read, or why it could not. */
export type Read<T> = { readonly value: T } | { readonly fault: string };

/** Go's YAML reader takes a number or a boolean where it wants a text. */
export const text = z.union([z.string(), z.number(), z.boolean()]).transform(String);
export const texts = z
  .array(text)
  .nullish()
  .transform((list) => list ?? []);
export const flag = z.boolean().nullish();

/** YAML of a shape; `shape` says in words what was expected, after a fault. Empty text is read as null. */
export function readYamlAs<T>(source: string, schema: z.ZodType<T>, shape: string): Read<T> {
  try {
    return readAs(parseYaml(source), schema, shape);
  } catch (error) {
    if (!(error instanceof InvalidInput)) throw error;
    return { fault: `${messageOf(error)}; write ${shape}` };
  }
}

/** Data of a shape, as `readYamlAs` reads it. */
export function readAs<T>(data: unknown, schema: z.ZodType<T>, shape: string): Read<T> {
  const parsed = schema.safeParse(data);
  if (parsed.success) return { value: parsed.data };
  const faults = parsed.error.issues.map(({ path, message }) => (path.length > 0 ? `${path.join('.')}: ${message}` : message));
  return { fault: `${faults.join(', ')}; write ${shape}` };
}

/** A boolean as Go reads it. */
export function readBool(source: string): Read<boolean> {
  const value = parseBool(source);
  return value === undefined ? { fault: 'is neither true nor false; write one of them' } : { value };
}
