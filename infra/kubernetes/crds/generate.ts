// Writes the three CustomResourceDefinitions beside this file from the schemas, which hold each repeated part once.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { applicationSetSpec, applicationSetStatus } from './applicationset.ts';
import { projectSpec, projectStatus } from './project.ts';
import { object, type Schema, text } from './schema.ts';
import { applicationSpec, operation } from './spec.ts';
import { applicationStatus } from './status.ts';

interface Definition {
  readonly kind: string;
  readonly plural: string;
  readonly shortNames: readonly string[];
  readonly description: string;
  readonly fields: Readonly<Record<string, Schema>>;
  readonly columns?: readonly { readonly name: string; readonly jsonPath: string; readonly priority?: number }[];
  readonly statusSubresource?: boolean;
}

const definitions: Readonly<Record<string, Definition>> = {
  'application.yaml': {
    kind: 'Application',
    plural: 'applications',
    shortNames: ['app', 'apps'],
    description: 'What is deployed from Git: which source, to which cluster and namespace, and how it stands.',
    fields: {
      spec: applicationSpec,
      operation: operation('A sync that is asked for. Cleared when it is done.'),
      status: applicationStatus,
    },
    columns: [
      { name: 'Sync Status', jsonPath: '.status.sync.status' },
      { name: 'Health Status', jsonPath: '.status.health.status' },
      { name: 'Revision', jsonPath: '.status.sync.revision', priority: 10 },
      { name: 'Project', jsonPath: '.spec.project', priority: 10 },
    ],
  },
  'appproject.yaml': {
    kind: 'AppProject',
    plural: 'appprojects',
    shortNames: ['appproj', 'appprojs'],
    description: 'What the Applications of a team may use: repositories, destinations, kinds, and when.',
    fields: { spec: projectSpec, status: projectStatus },
  },
  'applicationset.yaml': {
    kind: 'ApplicationSet',
    plural: 'applicationsets',
    shortNames: ['appset', 'appsets'],
    description: 'Applications made from a template and from parameters that generators find.',
    fields: { spec: applicationSetSpec, status: applicationSetStatus },
    statusSubresource: true,
  },
};

const header = '# Written by generate.ts; change the schemas there.\n';

/** File name -> text of each definition. */
export function definitionFiles(): ReadonlyMap<string, string> {
  const options = { lineWidth: 0, aliasDuplicateObjects: false };
  return new Map(Object.entries(definitions).map(([file, one]) => [file, header + stringify(definition(one), options)]));
}

function definition(one: Definition): unknown {
  const schema = object(
    one.description,
    {
      apiVersion: text('argoproj.io/v1alpha1'),
      kind: text(one.kind),
      metadata: { type: 'object' },
      ...one.fields,
    },
    ['metadata', 'spec'],
  );
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${one.plural}.argoproj.io`, labels: { 'app.kubernetes.io/part-of': 'evenkeel' } },
    spec: {
      group: 'argoproj.io',
      names: {
        kind: one.kind,
        listKind: `${one.kind}List`,
        plural: one.plural,
        singular: one.kind.toLowerCase(),
        shortNames: one.shortNames,
      },
      scope: 'Namespaced',
      versions: [
        {
          name: 'v1alpha1',
          served: true,
          storage: true,
          ...(one.columns && { additionalPrinterColumns: one.columns.map((column) => ({ type: 'string', ...column })) }),
          schema: { openAPIV3Schema: schema },
          ...(one.statusSubresource && { subresources: { status: {} } }),
        },
      ],
    },
  };
}

if (import.meta.main) {
  for (const [file, content] of definitionFiles()) writeFileSync(join(import.meta.dirname, file), content);
}
