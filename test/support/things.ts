// A kind of custom resources, each group of which has one: Thing, with a field `spec.known`.
/** Defines the kind Thing of a group, with one field, in one version. */
export function definition(group: string, version = 'v1'): object {
  const spec = { type: 'object', properties: { known: { type: 'string' } } };
  const schema = { type: 'object', properties: { spec, status: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } } };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `things.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { kind: 'Thing', plural: 'things' },
      versions: [{ name: version, served: true, storage: true, schema: { openAPIV3Schema: schema } }],
    },
  };
}

export function thing(group: string, name: string, spec: object = { known: '1' }): object {
  return { apiVersion: `${group}/v1`, kind: 'Thing', metadata: { name }, spec };
}
