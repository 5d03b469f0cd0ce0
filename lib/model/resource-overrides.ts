// What an installation says of kinds of objects (`resource.customizations`, spec/health.md §8): health scripts, fields that do not count.
import * as z from 'zod';
import { isRecord } from './manifest.ts';
import { flag, type Read, readAs, readBool, readYamlAs, text, texts } from './setting.ts';

export interface IgnoredFields {
  readonly jsonPointers: readonly string[];
  readonly jqPathExpressions: readonly string[];
  readonly managedFieldsManagers: readonly string[];
}

export interface KnownTypeField {
  readonly field: string;
  readonly type: string;
}

/** Each field is there only if the installation sets it. */
export interface ResourceOverride {
  /** A Lua script; empty text is none. */
  readonly health?: string;
  readonly useOpenLibs: boolean;
  /** YAML, as it stands in the setting. */
  readonly actions?: string;
  readonly ignoreDifferences?: IgnoredFields;
  readonly ignoreResourceUpdates?: IgnoredFields;
  readonly knownTypeFields?: readonly KnownTypeField[];
}

/** By `<group>/<kind>`, `<kind>` in the core group; `*` and other globs may stand in both. */
export type ResourceOverrides = ReadonlyMap<string, ResourceOverride>;

const COMBINED = 'resource.customizations';
const SPLIT = /^resource\.customizations\.([^.]*)\.([\s\S]*)$/;
const IGNORED = 'a map with lists of jsonPointers, jqPathExpressions and managedFieldsManagers';
const TYPE_FIELDS = 'a list of field and type';
const KEYS = '<group>/<kind>, or <kind> alone for the core group';

const ignoredFields = z
  .object({ jsonPointers: texts, jqPathExpressions: texts, managedFieldsManagers: texts })
  .nullable()
  .transform((fields) => fields ?? { jsonPointers: [], jqPathExpressions: [], managedFieldsManagers: [] });
const typeFields = z
  .array(z.object({ field: text, type: text }))
  .nullable()
  .transform((fields) => fields ?? []);
const combined = z.object({
  'health.lua': text.nullish(),
  'health.lua.useOpenLibs': flag,
  actions: text.nullish(),
  ignoreDifferences: text.nullish(),
  ignoreResourceUpdates: text.nullish(),
  knownTypeFields: typeFields.optional(),
});

type Field = Partial<ResourceOverride>;

/** How the text of a split key becomes a field, by the type that the key names. */
const FIELDS: ReadonlyMap<string, (source: string) => Read<Field>> = new Map<string, (source: string) => Read<Field>>([
  ['health', (source) => ({ value: { health: source } })],
  ['useOpenLibs', (source) => as(readBool(source), (useOpenLibs) => ({ useOpenLibs }))],
  ['actions', (source) => ({ value: { actions: source } })],
  ['ignoreDifferences', (source) => as(readYamlAs(source, ignoredFields, IGNORED), (ignoreDifferences) => ({ ignoreDifferences }))],
  [
    'ignoreResourceUpdates',
    (source) => as(readYamlAs(source, ignoredFields, IGNORED), (ignoreResourceUpdates) => ({ ignoreResourceUpdates })),
  ],
  ['knownTypeFields', (source) => as(readYamlAs(source, typeFields, TYPE_FIELDS), (knownTypeFields) => ({ knownTypeFields }))],
]);

/**
 * The overrides that `data` of argocd-cm holds; a split key replaces its field of the combined one. Adds what is wrong to `faults`, each
 * with its key and the way out.
 */
export function resourceOverrides(data: Readonly<Record<string, string>>, faults: string[]): ResourceOverrides {
  const overrides = new Map<string, ResourceOverride>();
  const add = (place: string, kind: Read<string>, field: Read<Field>) => {
    const fault = faultOf(kind) ?? faultOf(field);
    if (fault !== undefined) faults.push(`${place}: ${fault}`);
    if (!('value' in kind && 'value' in field)) return;
    overrides.set(kind.value, { useOpenLibs: false, ...overrides.get(kind.value), ...field.value });
  };
  for (const [place, kind, field] of combinedFields(data[COMBINED] ?? '')) add(place, kind, field);
  for (const [key, source] of Object.entries(data).sort(([a], [b]) => (a < b ? -1 : 1))) {
    const [, type = '', name] = SPLIT.exec(key) ?? [];
    if (name !== undefined) add(key, splitKind(name), FIELDS.get(type)?.(source) ?? { fault: unknownType(type) });
  }
  return overrides;
}

function unknownType(type: string): string {
  return `resource customization type ${type} not supported; ${[...FIELDS.keys()].join(', ')} are`;
}

function faultOf(read: Read<unknown>): string | undefined {
  return 'fault' in read ? read.fault : undefined;
}

function as<T>(read: Read<T>, field: (value: T) => Field): Read<Field> {
  return 'fault' in read ? read : { value: field(read.value) };
}

/** `<group>_<kind>` at the end of a split key. */
function splitKind(name: string): Read<string> {
  const parts = name.split('_');
  if (name === '' || parts.length > 2) return { fault: 'the key must end in <group>_<kind>, or in <kind> alone for the core group' };
  return { value: name === 'all' ? '*/*' : withoutCoreGroup(parts.join('/')) };
}

/** An empty group is the core group, however it is written. */
function withoutCoreGroup(key: string): string {
  return key.replace(/^\//, '');
}

type Place = readonly [place: string, kind: Read<string>, field: Read<Field>];

function combinedFields(source: string): readonly Place[] {
  const map = readYamlAs(source, z.unknown(), `a map by ${KEYS}`);
  if ('fault' in map) return [[COMBINED, map, { value: {} }]];
  if (map.value === null) return [];
  if (!isRecord(map.value)) return [[COMBINED, { fault: `is no map; write a map by ${KEYS}` }, { value: {} }]];
  return Object.entries(map.value).flatMap(([key, value]) => overrideFields(`${COMBINED}: ${key}`, key, value));
}

function overrideFields(place: string, key: string, value: unknown): readonly Place[] {
  const kind: Read<string> =
    key.split('/').length > 2 || key === '' ? { fault: `is no kind; write ${KEYS}` } : { value: withoutCoreGroup(key) };
  const read = readAs(value ?? {}, combined, 'health.lua and the like, with ignoreDifferences as a text that is YAML');
  if ('fault' in read) return [[place, kind, read]];
  const { ignoreDifferences, ignoreResourceUpdates, actions, knownTypeFields } = read.value;
  const health = read.value['health.lua'];
  const plain: Field = {
    useOpenLibs: read.value['health.lua.useOpenLibs'] ?? false,
    ...(health ? { health } : {}),
    ...(actions ? { actions } : {}),
    ...(knownTypeFields ? { knownTypeFields } : {}),
  };
  const nested = Object.entries({ ignoreDifferences, ignoreResourceUpdates }).flatMap(([name, source]): readonly Place[] => {
    const field = source ? FIELDS.get(name)?.(source) : undefined;
    return field ? [[`${place}: ${name}`, kind, field]] : [];
  });
  return [[place, kind, { value: plain }], ...nested];
}
