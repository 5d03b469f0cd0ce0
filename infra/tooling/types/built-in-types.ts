// builtInTypes: the API server's OpenAPI documents -> what a comparison has to know of the types of its own kinds
// (https://kubernetes.io/docs/reference/using-api/server-side-apply/#merge-strategy). UPDATE_CASES=1 and test/adapters/built-in-types.test.ts
// write the file anew.

/** A JSON schema as the API server writes it, as far as it is read here. */
export interface Schema {
  readonly type?: string;
  readonly format?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly additionalProperties?: Schema;
  readonly allOf?: readonly Schema[];
  readonly $ref?: string;
  readonly 'x-kubernetes-group-version-kind'?: readonly { readonly group: string; readonly version: string; readonly kind: string }[];
  readonly 'x-kubernetes-list-type'?: string;
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-map-type'?: string;
}

/** What lib/compare/types.ts reads: see there for the code of a field. */
export interface BuiltInTypes {
  readonly kinds: Readonly<Record<string, string>>;
  readonly types: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

const QUANTITY = 'io.k8s.apimachinery.pkg.api.resource.Quantity';

/** Never compared: the API server writes them. */
const UNCOMPARED = new Set(['apiVersion', 'kind', 'status', 'managedFields']);

/** Fields that the API server refuses even where they hold nothing: to leave one out is not the same. By the names of types. */
const REFUSED: ReadonlyMap<string, readonly string[]> = new Map([['JSONSchemaProps', ['dependencies']]]);

/** `schemas` by name; `omitted` by the same names: fields that JSON leaves out when they hold nothing. */
export function builtInTypes(
  schemas: Readonly<Record<string, Schema>>,
  omitted: Readonly<Record<string, readonly string[]>>,
): BuiltInTypes {
  const kinds = new Map<string, string>();
  const types = new Map<string, Readonly<Record<string, string>>>();
  const visit = (name: string): void => {
    const schema = schemas[name];
    if (types.has(name) || !schema?.properties) return;
    types.set(name, {});
    const refused = REFUSED.get(name.slice(name.lastIndexOf('.') + 1)) ?? [];
    const left = new Set((omitted[name] ?? []).filter((field) => !refused.includes(field)));
    const fields = Object.entries(schema.properties).filter(([field]) => !UNCOMPARED.has(field));
    const codes = fields.map(([field, property]) => [field, fieldCode(property, left.has(field), schemas, visit)] as const);
    types.set(name, Object.fromEntries(codes.filter(([, code]) => code !== '').sort(byName)));
  };
  for (const [name, schema] of Object.entries(schemas)) {
    const [named, ...more] = schema['x-kubernetes-group-version-kind'] ?? [];
    if (!named || more.length > 0 || name.endsWith('List') || !schema.properties?.['metadata']) continue;
    kinds.set(`${named.group}/${named.version}/${named.kind}`, shortName(name));
    visit(name);
  }
  const shortened = [...types].map(([name, fields]) => [shortName(name), fields] as const);
  return { kinds: Object.fromEntries([...kinds].sort(byName)), types: Object.fromEntries(shortened.sort(byName)) };
}

function byName([left]: readonly [string, unknown], [right]: readonly [string, unknown]): number {
  return left < right ? -1 : 1;
}

/** `io.k8s.api.core.v1.PodSpec` is `core.v1.PodSpec`; no two types share such a name. */
function shortName(name: string): string {
  return name.split('.').slice(-3).join('.');
}

/** Only what is of its type may be left out: another nothing (a text instead of a number, a text that is no time) is refused. */
function fieldCode(property: Schema, omitted: boolean, schemas: Readonly<Record<string, Schema>>, visit: (name: string) => void): string {
  const code = codeOf(property, schemas, visit);
  if (!omitted || code !== '') return `${omitted ? 'o' : ''}${code}`;
  return property.format === 'date-time' ? '' : (NOTHING[property.type ?? ''] ?? '');
}

const NOTHING: Readonly<Record<string, string>> = { string: 'os', integer: 'on', number: 'on', boolean: 'ob' };

function codeOf(property: Schema, schemas: Readonly<Record<string, Schema>>, visit: (name: string) => void): string {
  const name = (property.$ref ?? property.allOf?.[0]?.$ref)?.replace('#/components/schemas/', '');
  if (name === QUANTITY) return 'q';
  if (name !== undefined) return structCode(name, property, schemas, visit);
  if (property.type === 'array') return `${listCode(property)}${codeOf(property.items ?? {}, schemas, visit)}`;
  if (!property.additionalProperties) return '';
  return `${property['x-kubernetes-map-type'] === 'atomic' ? '{!}' : '{}'}${codeOf(property.additionalProperties, schemas, visit)}`;
}

function structCode(name: string, property: Schema, schemas: Readonly<Record<string, Schema>>, visit: (name: string) => void): string {
  const schema = schemas[name];
  if (!schema?.properties) return '';
  visit(name);
  const atomic = (property['x-kubernetes-map-type'] ?? schema['x-kubernetes-map-type']) === 'atomic';
  return `${atomic ? '!' : ''}:${shortName(name)}`;
}

/** A list is one value unless the server says otherwise. */
function listCode(property: Schema): string {
  if (property['x-kubernetes-list-type'] === 'set') return '[=]';
  const keys = property['x-kubernetes-list-type'] === 'map' ? (property['x-kubernetes-list-map-keys'] ?? []) : [];
  return `[${[...keys].sort().join(',')}]`;
}
