// What is recorded on an Application (spec/application.md §7). Written by Evenkeel, or by Argo CD before it.
import { flag, list, map, object, oneOf, type Schema, text, texts, time, whole } from './schema.ts';
import { source, sourceHydrator, sources } from './source.ts';
import { destination, ignoreDifferences, initiatedBy, operation } from './spec.ts';

const health = (description: string): Schema =>
  object(description, {
    status: text('Healthy, Progressing, Degraded, Suspended, Missing or Unknown.'),
    message: text('Why.'),
    lastTransitionTime: time('Since when.'),
  });

const sync = object(
  'How Git and cluster compare.',
  {
    status: text('Synced, OutOfSync or Unknown.'),
    comparedTo: object('The part of the spec that was compared.', {
      source: source('The source that was compared.'),
      sources: sources('The sources that were compared.'),
      destination: destination('The destination that was compared.'),
      ignoreDifferences: ignoreDifferences('The differences that did not count.'),
    }),
    revision: text('The commit, chart version or digest that was compared.'),
    revisions: texts('The same for each of several sources.'),
  },
  ['status'],
);

const resources = list(
  'Every object of the Application.',
  object('One object.', {
    group: text('API group.'),
    version: text('API version.'),
    kind: text('Kind.'),
    namespace: text('Namespace.'),
    name: text('Name.'),
    status: text('Synced, OutOfSync or Unknown; empty for hooks.'),
    health: health('How the object is.'),
    hook: flag('The object is a hook.'),
    requiresPruning: flag('The object is no longer in Git.'),
    requiresDeletionConfirmation: flag('The object is only deleted once somebody has confirmed it.'),
    syncWave: whole('Its sync wave.'),
  }),
);

const history = list(
  'Past syncs, oldest first.',
  object(
    'One sync that succeeded.',
    {
      id: whole('Number of the entry; a rollback names it.'),
      revision: text('Revision that was deployed.'),
      revisions: texts('Revisions that were deployed, one for each source.'),
      source: source('Source that was deployed.'),
      sources: sources('Sources that were deployed.'),
      deployStartedAt: time('When the sync began.'),
      deployedAt: time('When it was done.'),
      initiatedBy: initiatedBy('Who asked for it.'),
    },
    ['deployedAt', 'id'],
  ),
);

const resultRow = object(
  'What a sync did with one object in one phase.',
  {
    group: text('API group.'),
    version: text('API version.'),
    kind: text('Kind.'),
    namespace: text('Namespace.'),
    name: text('Name.'),
    status: text('Synced, SyncFailed, Pruned or PruneSkipped.'),
    message: text('What the API server or the check said.'),
    hookType: text('PreSync, Sync, PostSync or SyncFail for a hook.'),
    hookPhase: text('Running, Terminating, Failed, Error or Succeeded.'),
    syncPhase: text('PreSync, Sync, PostSync or SyncFail.'),
    images: texts('Images that the object runs.'),
  },
  ['group', 'kind', 'name', 'namespace', 'version'],
);

const operationState = object(
  'The sync that is running, or the last one.',
  {
    operation: operation('What was asked for.'),
    phase: text('Running, Terminating, Failed, Error or Succeeded.'),
    message: text('What is being waited for, or how it ended.'),
    startedAt: time('When it began.'),
    finishedAt: time('When it ended; while Running, when the attempt failed that is to be tried again.'),
    retryCount: whole('How many times it was tried again.'),
    syncResult: object(
      'How far it got.',
      {
        revision: text('Revision that this sync is pinned to.'),
        revisions: texts('Revisions that this sync is pinned to, one for each source.'),
        source: source('Source of this sync.'),
        sources: sources('Sources of this sync.'),
        resources: list('One row for each object and phase.', resultRow),
        managedNamespaceMetadata: object('Metadata of the namespace that the sync made.', {
          labels: map('Labels of the namespace.'),
          annotations: map('Annotations of the namespace.'),
        }),
      },
      ['revision'],
    ),
  },
  ['operation', 'phase', 'startedAt'],
);

const conditions = list(
  'What is wrong or worth knowing.',
  object(
    'One condition.',
    {
      type: text('InvalidSpecError, ComparisonError, SyncError, UnknownError, DeletionError or one of the warnings.'),
      message: text('What happened and where.'),
      lastTransitionTime: time('Since when.'),
    },
    ['message', 'type'],
  ),
);

const hydration = (description: string, times: Record<string, Schema>): Schema =>
  object(description, {
    drySHA: text('Commit that was rendered.'),
    hydratedSHA: text('Commit of the rendered manifests.'),
    sourceHydrator: sourceHydrator('Settings that it used.'),
    ...times,
  });

export const applicationStatus = object('What was last seen and done.', {
  sync,
  health: health('The worst health of the objects.'),
  resources,
  history,
  conditions,
  operationState,
  reconciledAt: time('When Git and cluster were last compared.'),
  observedAt: time('No longer written.'),
  sourceType: text('Helm, Kustomize, Directory or Plugin.'),
  sourceTypes: texts('The same for each of several sources.'),
  summary: object('Facts about the whole Application.', {
    externalURLs: texts('Addresses under which it can be reached.'),
    images: texts('Images that it runs.'),
    isAppOfApps: flag('It deploys other Applications.'),
  }),
  resourceHealthSource: text('Where health of the objects is kept: empty when it is in "resources", "appTree" otherwise.'),
  controllerNamespace: text('Namespace of the control plane that manages the Application.'),
  sourceHydrator: object('State of the rendering ahead of time.', {
    currentOperation: hydration('The rendering that is running, or the last one.', {
      phase: oneOf('How it stands.', ['Hydrating', 'Failed', 'Hydrated']),
      message: text('Why.'),
      startedAt: time('When it began.'),
      finishedAt: time('When it ended.'),
    }),
    lastSuccessfulOperation: hydration('The last rendering that succeeded.', {}),
  }),
});
