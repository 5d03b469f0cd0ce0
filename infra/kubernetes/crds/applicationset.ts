// ApplicationSet: Applications made from parameters (spec/applicationset.md §1, §7, §8).
import { generators } from './generators.ts';
import { bare, flag, list, map, object, oneOf, optional, type Schema, text, texts, time, whole, wholeOrText } from './schema.ts';
import { applicationSpec } from './spec.ts';

const metadata = object('Metadata of the Applications.', {
  name: text('Name; must differ from set to set.'),
  namespace: text('Has no effect: Applications are made beside the ApplicationSet.'),
  labels: map('Labels.'),
  annotations: map('Annotations.'),
  finalizers: texts('Finalizers; the one that deletes resources along with the Application when empty.'),
});

const template = object('What each Application looks like; every text may hold parameters.', { metadata, spec: applicationSpec }, [
  'metadata',
  'spec',
]);

/** What a generator adds to the template: the same fields, none required, described once above. */
const addition: Schema = {
  ...bare(optional(object('', { metadata, spec: optional(applicationSpec) }))),
  description: 'Fields that win over those of the template for the sets of this generator.',
};

const matchExpression = object('One condition on a label of the Application.', {
  key: text('The label.'),
  operator: text('In or NotIn.'),
  values: texts('The values.'),
});

const strategy = object('In which order Applications are changed.', {
  type: text('AllAtOnce or RollingSync.'),
  rollingSync: object('Changes step by step; a step waits until the one before is healthy.', {
    steps: list(
      'The steps, in order.',
      object('The Applications of one step.', {
        matchExpressions: list('Which Applications; all when empty.', matchExpression),
        maxUpdate: wholeOrText('How many at a time, as a number or a percentage.'),
      }),
    ),
  }),
  deletionOrder: text('AllAtOnce or Reverse.'),
});

export const applicationSetSpec = object(
  'Which Applications to make.',
  {
    generators: generators(addition),
    template,
    templatePatch: text('A patch for each Application, as a template.'),
    goTemplate: flag('Templates are Go templates.'),
    goTemplateOptions: texts('Options of the Go template engine, such as missingkey=error.'),
    syncPolicy: object('What may be done with the Applications.', {
      applicationsSync: oneOf('Which changes are made to Applications.', ['create-only', 'create-update', 'create-delete', 'sync']),
      preserveResourcesOnDeletion: flag('Keep the resources when an Application is deleted.'),
    }),
    preservedFields: object('Metadata of the Applications that is left as it is.', {
      annotations: texts('Annotations.'),
      labels: texts('Labels.'),
    }),
    ignoreApplicationDifferences: list(
      'Fields of the Applications that are left as they are.',
      object('Fields of one Application, or of all.', {
        name: text('Name of the Application; all when empty.'),
        jsonPointers: texts('Fields as JSON pointers (RFC 6901).'),
        jqPathExpressions: texts('Fields as jq path expressions.'),
      }),
    ),
    strategy,
    applyNestedSelectors: flag('Has no effect: selectors of nested generators always apply.'),
  },
  ['generators', 'template'],
);

const health = object('How it is.', {
  status: text('Healthy, Progressing, Degraded or Unknown.'),
  message: text('Why.'),
  lastTransitionTime: time('Since when.'),
});

export const applicationSetStatus = object('What was last seen and done.', {
  conditions: list(
    'What is wrong or worth knowing.',
    object(
      'One condition.',
      {
        type: text('ParametersGenerated, ErrorOccurred, ResourcesUpToDate, RolloutProgressing or InvalidRolloutConfig.'),
        status: text('True, False or Unknown.'),
        reason: text('One word for the cause.'),
        message: text('What happened.'),
        lastTransitionTime: time('Since when.'),
      },
      ['message', 'reason', 'status', 'type'],
    ),
  ),
  applicationStatus: list(
    'How far a step by step change got.',
    object(
      'One Application.',
      {
        application: text('Its name.'),
        status: text('Waiting, Pending, Progressing or Healthy.'),
        step: text('Its step, from 1; -1 when it is in none.'),
        message: text('Why.'),
        targetRevisions: texts('Revisions that it is to reach.'),
        lastTransitionTime: time('Since when.'),
      },
      ['application', 'message', 'status', 'step'],
    ),
  ),
  resources: list(
    'The Applications that were made.',
    object('One Application.', {
      group: text('API group.'),
      version: text('API version.'),
      kind: text('Kind.'),
      namespace: text('Namespace.'),
      name: text('Name.'),
      status: text('Synced, OutOfSync or Unknown.'),
      health,
      hook: flag('Not used.'),
      requiresPruning: flag('Not used.'),
      requiresDeletionConfirmation: flag('Not used.'),
      syncWave: whole('Not used.'),
    }),
  ),
  resourcesCount: whole('How many Applications there are, also those that the list has no room for.'),
  health,
});
