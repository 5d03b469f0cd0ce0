// The generators of an ApplicationSet (spec/applicationset.md §4), as the top level and as matrix and merge nest them.
import { pullRequest, scmProvider } from './providers.ts';
import { anything, type Fields, flag, labelSelector, list, map, object, open, type Schema, text, texts, whole } from './schema.ts';

const requeueAfterSeconds = whole('How often the generator runs, in seconds; 0 is never.');
const values = map('More parameters, each rendered with the others.');

const elements = list('Parameter sets.', anything('One parameter set.'));

const path = (description: string): Schema =>
  list(description, object('One pattern.', { path: text('The pattern.'), exclude: flag('What matches is left out.') }, ['path']));

const plain: Readonly<Record<string, readonly [string, Fields, readonly string[]]>> = {
  list: ['Parameter sets as they are written.', { elements, elementsYaml: text('More parameter sets, as a YAML list.') }, []],
  clusters: [
    'One parameter set for each registered cluster.',
    {
      selector: labelSelector('Only clusters whose Secret has these labels.'),
      values,
      flatList: flag('One set with a list of all clusters instead.'),
    },
    [],
  ],
  git: [
    'One parameter set for each folder or file of a repository.',
    {
      repoURL: text('URL of the repository.'),
      revision: text('Branch, tag or commit.'),
      directories: path('Folders to take. Wins over "files".'),
      files: path('YAML or JSON files to take; their content is added to the parameters.'),
      pathParamPrefix: text('Prefix of the path parameters.'),
      requeueAfterSeconds,
      values,
    },
    ['repoURL', 'revision'],
  ],
  scmProvider: ['One parameter set for each repository of an organisation.', { ...scmProvider, requeueAfterSeconds, values }, []],
  pullRequest: ['One parameter set for each open pull request.', { ...pullRequest, requeueAfterSeconds, values }, []],
  clusterDecisionResource: [
    'One parameter set for each cluster that another resource names.',
    {
      configMapRef: text('ConfigMap that says which resource to read and how.'),
      name: text('Name of the resource.'),
      labelSelector: labelSelector('Labels of the resource, instead of its name.'),
      requeueAfterSeconds,
      values,
    },
    ['configMapRef'],
  ],
  plugin: [
    'Parameter sets that a service answers.',
    {
      configMapRef: object('ConfigMap with the address and the token of the service.', { name: text('Its name.') }, ['name']),
      input: object('What the service is asked.', { parameters: map('Parameters of any kind.', anything('A parameter.')) }),
      requeueAfterSeconds,
      values,
    },
    ['configMapRef'],
  ],
};

const selector = labelSelector('Only parameter sets whose values match.');

/** Inside matrix and merge the template of a child has no effect, and a third level has no schema: schemas cannot recurse. */
function nested(): Schema {
  const template = open('Has no effect here.');
  const fields = Object.entries(plain).map(([name, [description, own, required]]): [string, Schema] => [
    name,
    object(description, { ...own, template }, required),
  ]);
  return object('One generator.', {
    ...Object.fromEntries(fields),
    matrix: open('A matrix of two further generators.'),
    merge: open('A merge of further generators.'),
    selector,
  });
}

/** All generators; `template` is what each one of the top level may add to the template of the ApplicationSet. */
export function generators(template: Schema): Schema {
  const children = list('The generators to combine.', nested());
  const fields = Object.entries(plain).map(([name, [description, own, required]]): [string, Schema] => [
    name,
    object(description, { ...own, template }, required),
  ]);
  return list(
    'Where the parameters come from; each item is one generator.',
    object('One generator.', {
      ...Object.fromEntries(fields),
      matrix: object('Every combination of the sets of two generators.', { generators: children, template }, ['generators']),
      merge: object(
        'Sets of the first generator, overridden by those of the others that have the same key.',
        { generators: children, mergeKeys: texts('Parameters that make up the key.'), template },
        ['generators', 'mergeKeys'],
      ),
      selector,
    }),
  );
}
