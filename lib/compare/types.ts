// What a value is to the API server: the types of its own kinds, read from its OpenAPI document into built-in-types.json, and that nothing
// is known of others but their metadata.
import data from './built-in-types.json' with { type: 'json' };

/**
 * A field's type as server-side apply sees it. `merged`: a struct or map that is merged member by member; otherwise it is one value.
 * `omitted`: JSON leaves the field out when it holds nothing, which for a plain field is `nothing`, if anything. Of what is unknown it may be assumed that it is merged: so the API server
 * treats fields of custom resources unless their definition says otherwise.
 */
export type FieldType =
  | { readonly form: 'unknown'; readonly merged: boolean }
  | { readonly form: 'plain'; readonly nothing: '' | 0 | false | undefined }
  | { readonly form: 'quantity'; readonly omitted: boolean }
  | { readonly form: 'struct'; readonly omitted: boolean; readonly merged: boolean; readonly name: string }
  | { readonly form: 'map'; readonly omitted: boolean; readonly merged: boolean; readonly of: FieldType }
  | { readonly form: 'list'; readonly omitted: boolean; readonly nature: ListNature; readonly of: FieldType };

/** How server-side apply tells the items of a list apart, if it does. */
export type ListNature =
  | { readonly kind: 'keyed'; readonly fields: readonly string[] }
  | { readonly kind: 'set' }
  | { readonly kind: 'atomic' };

const UNKNOWN: FieldType = { form: 'unknown', merged: false };
const ASSUMED: FieldType = { form: 'unknown', merged: true };
const PLAIN: FieldType = { form: 'plain', nothing: undefined };

/** By the code of a plain field. */
const NOTHINGS: ReadonlyMap<string, '' | 0 | false> = new Map<string, '' | 0 | false>([
  ['os', ''],
  ['on', 0],
  ['ob', false],
]);

/** Kinds of which nothing but the metadata is known. */
const CUSTOM: ReadonlyMap<string, FieldType> = new Map([
  ['unknown', UNKNOWN],
  ['assumed', ASSUMED],
]);

const KINDS: ReadonlyMap<string, string> = new Map(Object.entries(data.kinds));
const CODES: ReadonlyMap<string, ReadonlyMap<string, string>> = new Map(
  Object.entries(data.types).map(([name, fields]) => [name, new Map(Object.entries(fields))]),
);

/** The type of a whole object. `assume`: what is unknown counts as merged. */
export function objectType(apiVersion: string, kind: string, assume: boolean): FieldType {
  const key = `${apiVersion.includes('/') ? '' : '/'}${apiVersion}/${kind}`;
  return { form: 'struct', omitted: false, merged: true, name: KINDS.get(key) ?? (assume ? 'assumed' : 'unknown') };
}

/** A struct of the API by its name there, `core.v1.PodSpec`; undefined when none of the API's own kinds holds one. */
export function structType(name: string): FieldType | undefined {
  return CODES.has(name) ? { form: 'struct', omitted: false, merged: true, name } : undefined;
}

/** Whether the API server brings the kind itself, so that all of its fields are known. */
export function isKnown(type: FieldType): boolean {
  return type.form === 'struct' && !CUSTOM.has(type.name);
}

/** The type of a field of a struct, or of any member of a map. */
export function memberType(type: FieldType, name: string): FieldType {
  if (type.form === 'map') return type.of;
  if (type.form !== 'struct') return type.form === 'unknown' ? type : UNKNOWN;
  const custom = CUSTOM.get(type.name);
  if (custom) return name === 'metadata' ? METADATA : custom;
  const known = PARSED.get(type.name) ?? parsed(type.name);
  return known.get(name) ?? PLAIN;
}

/** The fields of a struct of which more is known than that they are written as they are. */
export function fieldsOf(type: FieldType): readonly (readonly [name: string, type: FieldType])[] {
  return type.form === 'struct' && !CUSTOM.has(type.name) ? [...(PARSED.get(type.name) ?? parsed(type.name))] : [];
}

export function itemType(type: FieldType): FieldType {
  if (type.form === 'list') return type.of;
  return type.form === 'unknown' ? type : UNKNOWN;
}

const METADATA = typeOf(':meta.v1.ObjectMeta');

const PARSED = new Map<string, Map<string, FieldType>>();

function parsed(name: string): Map<string, FieldType> {
  const fields = new Map([...(CODES.get(name) ?? [])].map(([field, code]) => [field, typeOf(code)]));
  PARSED.set(name, fields);
  return fields;
}

/** `os`, `on`, `ob` plain text, number, flag that is left out when it holds nothing; `o` omitted, then `q` a quantity; `:name` a struct; `{}` a map, `[]` a list, `[a,b]` keyed, `[=]` a set, of what follows; `!` one value. */
function typeOf(code: string): FieldType {
  if (code === '' || NOTHINGS.has(code)) return { form: 'plain', nothing: NOTHINGS.get(code) };
  const omitted = code.startsWith('o');
  const rest = omitted ? code.slice(1) : code;
  if (rest === 'q') return { form: 'quantity', omitted };
  const merged = !/^(!|\{!)/.test(rest);
  if (rest.startsWith('{')) return { form: 'map', omitted, merged, of: typeOf(rest.slice(rest.indexOf('}') + 1)) };
  if (!rest.startsWith('[')) return { form: 'struct', omitted, merged, name: rest.slice(merged ? 1 : 2) };
  const end = rest.indexOf(']');
  return { form: 'list', omitted, nature: natureOf(rest.slice(1, end)), of: typeOf(rest.slice(end + 1)) };
}

function natureOf(keys: string): ListNature {
  if (keys === '') return { kind: 'atomic' };
  return keys === '=' ? { kind: 'set' } : { kind: 'keyed', fields: keys.split(',') };
}
