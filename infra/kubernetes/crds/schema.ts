// The words that the resource schemas are written in: each function makes one node of an OpenAPI v3 structural schema.

/** A node of a structural schema (Kubernetes API reference, JSONSchemaProps). */
export interface Schema {
  readonly type?: 'string' | 'boolean' | 'integer' | 'array' | 'object';
  readonly description?: string;
  readonly format?: string;
  readonly enum?: readonly string[];
  readonly maxLength?: number;
  readonly properties?: Fields;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly additionalProperties?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly 'x-kubernetes-int-or-string'?: true;
  readonly 'x-kubernetes-preserve-unknown-fields'?: true;
  readonly 'x-kubernetes-map-type'?: 'atomic';
}

export type Fields = Readonly<Record<string, Schema>>;

export const text = (description: string): Schema => ({ type: 'string', description });

export const flag = (description: string): Schema => ({ type: 'boolean', description });

export const whole = (description: string): Schema => ({ type: 'integer', format: 'int64', description });

/** An RFC 3339 time. */
export const time = (description: string): Schema => ({ type: 'string', format: 'date-time', description });

export const oneOf = (description: string, values: readonly string[]): Schema => ({ type: 'string', enum: values, description });

export const wholeOrText = (description: string): Schema => ({
  anyOf: [{ type: 'integer' }, { type: 'string' }],
  'x-kubernetes-int-or-string': true,
  description,
});

export const list = (description: string, items: Schema): Schema => ({ type: 'array', description, items });

export const texts = (description: string): Schema => list(description, { type: 'string' });

/** Free keys, values of one kind (texts unless said otherwise). */
export const map = (description: string, values: Schema = { type: 'string' }): Schema => ({
  type: 'object',
  description,
  additionalProperties: values,
});

export const object = (description: string, properties: Fields, required: readonly string[] = []): Schema => ({
  type: 'object',
  description,
  properties,
  ...(required.length > 0 && { required }),
});

/** An object whose content is the user's own: nothing in it is checked or dropped. */
export const open = (description: string): Schema => ({ type: 'object', description, 'x-kubernetes-preserve-unknown-fields': true });

/** Any JSON value, kept as it is. */
export const anything = (description: string): Schema => ({ description, 'x-kubernetes-preserve-unknown-fields': true });

/** A label selector as the Kubernetes API has it. */
export const labelSelector = (description: string): Schema => ({
  ...object(description, {
    matchLabels: map('Labels that must be present with exactly these values.'),
    matchExpressions: list(
      'Conditions on labels; all must hold.',
      object(
        'One condition on a label.',
        {
          key: text('The label.'),
          operator: text('In, NotIn, Exists or DoesNotExist; generator selectors also know Gt and Lt.'),
          values: texts('Values for In and NotIn.'),
        },
        ['key', 'operator'],
      ),
    ),
  }),
  'x-kubernetes-map-type': 'atomic',
});

/** The same schema without its descriptions, for the places where it is repeated. */
export function bare(schema: Schema): Schema {
  const { description: _, properties, items, additionalProperties, ...rest } = schema;
  return {
    ...rest,
    ...(properties && { properties: bareFields(properties) }),
    ...(items && { items: bare(items) }),
    ...(additionalProperties && { additionalProperties: bare(additionalProperties) }),
  };
}

function bareFields(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, bare(field)]));
}

/** The same schema with nothing required, for templates that are merged with another one. */
export function optional(schema: Schema): Schema {
  const { required: _, ...rest } = schema;
  return rest;
}
