// ApplicationSource: where manifests come from and how they are rendered (spec/application.md §1.2, §1.4–1.7).
import { type Fields, flag, list, map, object, open, type Schema, text, texts, wholeOrText } from './schema.ts';

const named = (description: string, fields: Fields): Schema => list(description, object('One entry.', fields));

const helm = object('Settings for a Helm chart.', {
  releaseName: text('Name of the release; the name of the Application unless given.'),
  valueFiles: texts(
    'Value files in order, later ones win. Relative to the chart; a leading "/" is the root of the repository; "$ref/..." is a file of another source.',
  ),
  ignoreMissingValueFiles: flag('Leave out value files that do not exist instead of failing.'),
  values: text('Values as YAML text. Win over value files.'),
  valuesObject: open('Values as an object. Replaces "values" when set.'),
  parameters: named('Single values, as with --set. Win over value files and values.', {
    name: text('Path of the value, dots between the parts.'),
    value: text('The value.'),
    forceString: flag('Pass the value as text even if it looks like a number or a boolean (--set-string).'),
  }),
  fileParameters: named('Values that are read from files, as with --set-file.', {
    name: text('Path of the value.'),
    path: text('File that holds the value.'),
  }),
  version: text('Major version of Helm to render with: "v3" or "v4".'),
  passCredentials: flag('Send the credentials of the repository to other hosts that its index names.'),
  skipCrds: flag("Leave out the chart's crds folder."),
  skipTests: flag("Leave out the chart's test hooks."),
  skipSchemaValidation: flag("Do not check values against the chart's schema."),
  namespace: text('Namespace that templates see; the destination stays what it is.'),
  kubeVersion: text('Kubernetes version that templates see; that of the destination unless given.'),
  apiVersions: texts('API versions that templates see, as group/version/kind; those of the destination unless given.'),
});

const patchTarget = object('Which objects the patch changes.', {
  group: text('API group.'),
  version: text('API version.'),
  kind: text('Kind.'),
  name: text('Name, as an anchored regular expression.'),
  namespace: text('Namespace, as an anchored regular expression.'),
  labelSelector: text('Label selector.'),
  annotationSelector: text('Annotation selector.'),
});

const kustomize = object('Settings for Kustomize, added to the kustomization.', {
  version: text('Version of Kustomize to build with.'),
  namePrefix: text('Text in front of every name.'),
  nameSuffix: text('Text behind every name.'),
  namespace: text('Namespace for every object.'),
  images: texts('Image overrides, each as [old=]name[:tag][@digest].'),
  replicas: list(
    'Replica counts by name of the workload.',
    object('One count.', { name: text('Name of the workload.'), count: wholeOrText('Number of replicas.') }, ['name', 'count']),
  ),
  components: texts('Components to add, relative to the kustomization.'),
  ignoreMissingComponents: flag('Leave out components that do not exist instead of failing.'),
  patches: list(
    'Patches to apply.',
    object('A patch, in a file or in place.', {
      path: text('File with the patch.'),
      patch: text('The patch itself, strategic merge or JSON patch.'),
      target: patchTarget,
      options: map('What the patch may change beside its fields, such as allowNameChange.', { type: 'boolean' }),
    }),
  ),
  commonLabels: map('Labels for every object.'),
  labelWithoutSelector: flag('Put commonLabels on objects only, not into selectors.'),
  labelIncludeTemplates: flag('Put commonLabels on pod templates too, when they stay out of selectors.'),
  forceCommonLabels: flag('Let commonLabels replace labels that the kustomization sets.'),
  commonAnnotations: map('Annotations for every object.'),
  commonAnnotationsEnvsubst: flag('Fill in build environment variables in the values of commonAnnotations.'),
  forceCommonAnnotations: flag('Let commonAnnotations replace annotations that the kustomization sets.'),
  kubeVersion: text('Kubernetes version that inflated charts see.'),
  apiVersions: texts('API versions that inflated charts see.'),
});

const jsonnetVariables = (description: string): Schema =>
  list(
    description,
    object('One variable.', { name: text('Name.'), value: text('Value.'), code: flag('The value is Jsonnet code, not text.') }, [
      'name',
      'value',
    ]),
  );

const directory = object('Settings for a folder of plain manifests.', {
  recurse: flag('Read sub-folders too.'),
  include: text('Glob of the files to read, on the path below the source path.'),
  exclude: text('Glob of the files to leave out; wins over "include".'),
  disableExtensionFilter: flag('Read files of every extension, not just YAML, JSON and Jsonnet.'),
  jsonnet: object('Settings for Jsonnet files.', {
    extVars: jsonnetVariables('External variables.'),
    tlas: jsonnetVariables('Top-level arguments.'),
    libs: texts('Library folders, from the root of the repository.'),
  }),
});

const plugin = object('Settings for a config management plugin.', {
  name: text('Name of the plugin.'),
  env: list('Environment for the plugin.', object('One variable.', { name: text('Name.'), value: text('Value.') }, ['name', 'value'])),
  parameters: named('Parameters for the plugin; each has one of string, array and map.', {
    name: text('Name of the parameter.'),
    string: text('A text.'),
    array: texts('A list of texts.'),
    map: map('Texts by key.'),
  }),
});

const tools: Fields = { helm, kustomize, directory, plugin };

const repoURL = text('URL of the Git repository, the Helm repository or the OCI artifact.');
const path = text('Folder in the repository. Not used with a chart.');
const targetRevision = text(
  'Git: branch, tag, commit or version range, HEAD when empty. Chart: version or range. OCI: tag, digest or range.',
);

/** One source; used by spec, operation and status alike. */
export const source = (description: string): Schema =>
  object(
    description,
    {
      repoURL,
      path,
      targetRevision,
      chart: text('Name of the chart in a Helm repository.'),
      ref: text('Name under which other sources of this Application refer to files of this one, as $ref/file.'),
      name: text('Label of this source among several.'),
      tagPrefix: text('Only tags with this prefix count when targetRevision is a version range.'),
      ...tools,
    },
    ['repoURL'],
  );

export const sources = (description: string): Schema => list(description, source('One of several sources.'));

/** Rendered manifests kept in Git: read from `drySource`, written to and synced from `syncSource`. */
export const sourceHydrator = (description: string): Schema =>
  object(
    description,
    {
      drySource: object('Where the unrendered configuration is.', { repoURL, path, targetRevision, ...tools }, [
        'repoURL',
        'path',
        'targetRevision',
      ]),
      syncSource: object(
        'Where the rendered manifests are.',
        {
          repoURL: text('URL of the repository of rendered manifests; that of drySource unless given.'),
          targetBranch: text('Branch of the rendered manifests.'),
          path: text('Folder of the rendered manifests.'),
        },
        ['targetBranch', 'path'],
      ),
      hydrateTo: object('A branch to write to before the manifests are promoted.', { targetBranch: text('The branch.') }, ['targetBranch']),
    },
    ['drySource', 'syncSource'],
  );
