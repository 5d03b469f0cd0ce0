// withKnownFields: fields of custom resources that hold the API's own types, written as those types write them
// (`resource.customizations.knownTypeFields`, spec/diff.md §7).
import { parseDuration } from '../model/duration.ts';
import { isRecord, type Manifest } from '../model/manifest.ts';
import type { KnownTypeField, ResourceOverrides } from '../model/resource-overrides.ts';
import { canonicalQuantity } from './quantity.ts';
import { isOmitted, type Kind } from './schema.ts';
import { type FieldType, itemType, memberType, structType } from './types.ts';

/** By `<group>/<kind>`, exactly. */
export type KnownFields = ReadonlyMap<string, readonly KnownTypeField[]>;

const BUILT_IN: KnownFields = new Map([['argoproj.io/Rollout', [{ field: 'spec.template.spec', type: 'core/v1/PodSpec' }]]]);

/** What an installation says of kinds, and of those of which it says nothing what is built in. */
export function knownFields(overrides: ResourceOverrides): KnownFields {
  const own = [...overrides].flatMap(([key, { knownTypeFields }]) => (knownTypeFields ? [[key, knownTypeFields] as const] : []));
  return new Map([...BUILT_IN, ...own]);
}

/**
 * The object with its known fields in the one form that their types have: quantities and durations canonical, nothing where a field that
 * may be left out holds nothing. A type that is not known here changes nothing, nor does a value that is none of its type; fields that a
 * type does not have stay, so that they count.
 */
export function withKnownFields(object: Manifest, { group, kind }: Kind, known: KnownFields): unknown {
  const fields = known.get(group === '' ? kind : `${group}/${kind}`) ?? [];
  return fields.reduce<unknown>((before, { field, type }) => withField(before, field.split('.'), formOf(type)), object);
}

type Form = (value: unknown) => unknown;

function withField(value: unknown, [name, ...rest]: readonly string[], form: Form): unknown {
  if (name === undefined) return form(value);
  if (Array.isArray(value)) return value.map((item: unknown) => withField(item, [name, ...rest], form));
  if (!isRecord(value) || !Object.hasOwn(value, name)) return value;
  return { ...value, [name]: withField(value[name], rest, form) };
}

const QUANTITY: FieldType = { form: 'quantity', omitted: false };
const RESOURCE_LIST: FieldType = { form: 'map', omitted: true, merged: true, of: QUANTITY };

function formOf(type: string): Form {
  if (type === 'meta/v1/Duration') return (value) => (typeof value === 'string' ? (canonicalDuration(value) ?? value) : value);
  const known = typeNamed(type);
  return known ? (value) => asWritten(value, known) : (value) => value;
}

function typeNamed(type: string): FieldType | undefined {
  if (type === 'core/Quantity') return QUANTITY;
  if (type === 'core/v1/ResourceList') return RESOURCE_LIST;
  return type.startsWith('core/v1/') ? structType(type.replaceAll('/', '.')) : undefined;
}

function asWritten(value: unknown, type: FieldType): unknown {
  if (type.form === 'quantity') return canonicalQuantity(value) ?? value;
  if (Array.isArray(value)) return value.map((item: unknown) => asWritten(item, itemType(type)));
  if (!isRecord(value)) return value;
  const inMap = type.form === 'map';
  const members = Object.entries(value).map(([name, member]) => {
    const of = memberType(type, name);
    return [name, asWritten(member, of), of] as const;
  });
  return Object.fromEntries(members.filter(([, member, of]) => !isOmitted(of, inMap, member)).map(([name, member]) => [name, member]));
}

const SMALL: readonly (readonly [nanoseconds: number, unit: string])[] = [
  [1e6, 'ms'],
  [1e3, 'µs'],
  [1, 'ns'],
];

/** A duration as Go writes it back: `90s` is `1m30s`. Undefined when the text is none; bare numbers other than 0 are none to Go. */
function canonicalDuration(text: string): string | undefined {
  const seconds = /^[+-]?\d+$/.test(text) && Number(text) !== 0 ? undefined : parseDuration(text);
  if (seconds === undefined) return undefined;
  const nanoseconds = Math.round(Math.abs(seconds) * 1e9);
  return `${seconds < 0 ? '-' : ''}${durationText(nanoseconds)}`;
}

function durationText(nanoseconds: number): string {
  if (nanoseconds === 0) return '0s';
  if (nanoseconds < 1e9) {
    const [size, unit] = SMALL.find(([least]) => nanoseconds >= least) ?? [1, 'ns'];
    return `${nanoseconds / size}${unit}`;
  }
  const [hours, minutes] = [Math.floor(nanoseconds / 3.6e12), Math.floor((nanoseconds % 3.6e12) / 6e10)];
  const [h, m] = [hours > 0 ? `${hours}h` : '', hours > 0 || minutes > 0 ? `${minutes}m` : ''];
  return `${h}${m}${(nanoseconds % 6e10) / 1e9}s`;
}
