// Reading and building plain data by dotted path.
import { isRecord } from '../../model/manifest.ts';

export type Fields = Record<string, unknown>;

/** The value at a path; undefined where nothing leads there. */
export function valueAt(data: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((value, key) => (isRecord(value) ? value[key] : undefined), data);
}

/** `data` with a value at a path; what is no object on the way is replaced by one. The argument stays as it is. */
export function withValue(data: Fields, path: string, value: unknown): Fields {
  const [key = '', ...rest] = path.split('.');
  if (rest.length === 0) return { ...data, [key]: value };
  const inner = data[key];
  return { ...data, [key]: withValue(isRecord(inner) ? inner : {}, rest.join('.'), value) };
}

/** `data` without what is at a path. The argument stays as it is. */
export function withoutValue(data: Fields, path: string): Fields {
  const [key = '', ...rest] = path.split('.');
  const { [key]: inner, ...others } = data;
  if (rest.length === 0) return others;
  return isRecord(inner) ? { ...data, [key]: withoutValue(inner, rest.join('.')) } : data;
}
