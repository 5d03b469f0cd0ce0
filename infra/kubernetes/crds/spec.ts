// The parts of an Application that people write: spec and operation (spec/application.md §1, §4–6).
import { type Fields, flag, list, map, object, type Schema, text, texts, whole } from './schema.ts';
import { source, sourceHydrator, sources } from './source.ts';

export const destination = (description: string): Schema =>
  object(description, {
    server: text("URL of the cluster's API. Exactly one of server and name."),
    name: text('Name of the registered cluster. Exactly one of server and name.'),
    namespace: text('Namespace for objects that name none.'),
  });

export const ignoreDifferences = (description: string): Schema =>
  list(
    description,
    object(
      'Fields of some objects that do not count.',
      {
        group: text('API group, as a glob; empty is the core group.'),
        kind: text('Kind, as a glob.'),
        name: text('Name; any when empty.'),
        namespace: text('Namespace; any when empty.'),
        jsonPointers: texts('Fields as JSON pointers (RFC 6901).'),
        jqPathExpressions: texts('Fields as jq path expressions.'),
        managedFieldsManagers: texts('Field managers whose fields do not count.'),
      },
      ['kind'],
    ),
  );

export const info = (description: string): Schema =>
  list(description, object('One line.', { name: text('What it is about.'), value: text('What it says.') }, ['name', 'value']));

export const retry = (description: string): Schema =>
  object(description, {
    limit: whole('How many times a failed sync is tried again; less than 0 is without limit.'),
    refresh: flag('Look up the revision again before each attempt instead of trying the same commit.'),
    backoff: object('How long to wait between attempts.', {
      duration: text('The first wait, such as "5s" or "2m"; a bare number is seconds.'),
      factor: whole('What each wait is multiplied with for the next.'),
      maxDuration: text('The longest wait.'),
    }),
  });

const syncPolicy = object('When and how the Application is synced.', {
  automated: object('Sync without being asked when Git and cluster differ. Absent: only on request.', {
    enabled: flag('False turns automatic sync off and keeps the settings beside it.'),
    prune: flag('Delete objects that are no longer in Git.'),
    selfHeal: flag('Undo changes that were made in the cluster.'),
    allowEmpty: flag('Let a sync delete everything when Git has nothing left.'),
  }),
  syncOptions: texts('Options such as CreateNamespace=true, each as Name=value.'),
  retry: retry('What to do when a sync fails.'),
  managedNamespaceMetadata: object('Metadata of the namespace that CreateNamespace=true makes.', {
    labels: map('Labels of the namespace.'),
    annotations: map('Annotations of the namespace.'),
  }),
});

const specFields: Fields = {
  project: text('AppProject that says what this Application may use; "default" when empty.'),
  source: source('Where the manifests come from.'),
  sources: sources('Where the manifests come from, when there are several places. Wins over "source".'),
  sourceHydrator: sourceHydrator('Manifests rendered ahead of time and kept in Git.'),
  destination: destination('The cluster and namespace to deploy to.'),
  syncPolicy,
  ignoreDifferences: ignoreDifferences('Differences between Git and the cluster that do not count.'),
  info: info('Lines for people to read.'),
  revisionHistoryLimit: whole('How many past syncs the status remembers: 10 unless given, 0 none.'),
};

export const applicationSpec = object('What to deploy, where and how.', specFields, ['destination', 'project']);

const syncOperation = object('The sync that is asked for.', {
  revision: text('Revision to sync to; the target revision when empty.'),
  revisions: texts('Revisions to sync to, one for each source.'),
  prune: flag('Delete objects that are no longer in Git.'),
  dryRun: flag('Only try.'),
  syncStrategy: object('How to apply.', {
    apply: object('Apply without running hooks.', { force: flag('Delete and create anew what cannot be changed.') }),
    hook: object('Apply and run hooks. The default.', { force: flag('Delete and create anew what cannot be changed.') }),
  }),
  resources: list(
    'The objects to sync; all when absent.',
    object(
      'One object.',
      { group: text('API group.'), kind: text('Kind.'), name: text('Name.'), namespace: text('Namespace; any when empty.') },
      ['kind', 'name'],
    ),
  ),
  source: source('Source to sync from instead of that of the spec, as a rollback does.'),
  sources: sources('Sources to sync from instead of those of the spec.'),
  manifests: texts('Manifests to sync instead of those of the source, one JSON object each.'),
  syncOptions: texts('Options of this sync, each as Name=value. Those of the spec are not added.'),
  autoHealAttemptsCount: whole('How many times in a row drift has been undone for this revision.'),
});

export const operation = (description: string): Schema =>
  object(description, {
    initiatedBy: initiatedBy('Who asked.'),
    info: info('Lines for people to read.'),
    retry: retry('What to do when the sync fails. That of the spec is not added.'),
    sync: syncOperation,
  });

export const initiatedBy = (description: string): Schema =>
  object(description, { username: text('Name of the person or account.'), automated: flag('Nobody asked: automatic sync did.') });
