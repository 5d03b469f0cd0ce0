// What is wrong with an Application before anything is rendered: incomplete sources, and what its project does not permit
// (spec/application.md §3, spec/project.md §4).
import { type Application, type ApplicationCondition, type ApplicationSource, isMultiSource, sourcesOf } from '../model/application.ts';
import type { ResolvedDestination } from '../model/destination.ts';
import { withoutUserinfo } from '../model/git-url.ts';
import type { Operation } from '../model/operation.ts';
import type { AppProject } from '../model/project.ts';
import { permitsDestination, permitsSource, unsupportedGuardrails } from './project.ts';

/** Conditions that stop a comparison; none when the Application may go on. `destination` is undefined when it did not resolve. */
export function specConditions(
  application: Application,
  project: AppProject | undefined,
  destination: ResolvedDestination | { readonly error: string },
  controlNamespace: string,
): readonly ApplicationCondition[] {
  const name = projectName(application);
  if (!project) return [invalid(`Application referencing project ${name} which does not exist`)];
  const { namespace } = application.metadata;
  if (namespace !== controlNamespace) {
    const message = `application '${application.metadata.name}' in namespace '${namespace}' is not permitted to use project '${name}'`;
    return [{ type: 'UnknownError', message }];
  }
  const unguarded = unsupportedGuardrails(project);
  if (unguarded.length > 0) return unguarded.map(invalid);
  const incomplete = incompleteSource(application);
  if (incomplete) return [invalid(incomplete)];
  return [...refusedSources(application, project), ...refusedDestination(application, project, destination)];
}

export function projectName(application: Application): string {
  return application.spec.project || 'default';
}

/** Why an operation may not run: what it brings along is held against the project as the spec is (spec/project.md §4). */
export function operationRefusal(operation: Operation, project: AppProject): string | undefined {
  const { sync } = operation;
  if (!sync) return 'Invalid operation request: no operation specified';
  if ((sync.manifests?.length ?? 0) > 0) return 'operation.sync.manifests is not supported: push the manifests to Git';
  const refused = sourcesOf(sync).find((source) => !permitsSource(project, source.repoURL));
  return refused && `application repo ${withoutUserinfo(refused.repoURL)} is not permitted in project '${project.metadata.name}'`;
}

function invalid(message: string): ApplicationCondition {
  return { type: 'InvalidSpecError', message };
}

function incompleteSource(application: Application): string | undefined {
  const multiple = isMultiSource(application.spec);
  const sources = sourcesOf(application.spec);
  const missing = sources.find((source) => source.repoURL === '' || !isComplete(source, multiple));
  if (missing && multiple) {
    const shown = withoutUserinfo(JSON.stringify(missing));
    return `spec.source.repoURL and either source.path, source.chart, or source.ref are required for source ${shown}`;
  }
  if (missing || sources.length === 0) return 'spec.source.repoURL and either spec.source.path or spec.source.chart are required';
  const unpinned = sources.some((source) => source.chart && !source.targetRevision);
  return unpinned ? 'spec.source.targetRevision is required if the manifest source is a helm chart' : undefined;
}

function isComplete(source: ApplicationSource, multiple: boolean): boolean {
  return Boolean(source.path || source.chart || (multiple && source.ref));
}

function refusedSources(application: Application, project: AppProject): readonly ApplicationCondition[] {
  return sourcesOf(application.spec)
    .filter((source) => !permitsSource(project, source.repoURL))
    .map((source) =>
      invalid(`application repo ${withoutUserinfo(source.repoURL)} is not permitted in project '${projectName(application)}'`),
    );
}

function refusedDestination(
  application: Application,
  project: AppProject,
  destination: ResolvedDestination | { readonly error: string },
): readonly ApplicationCondition[] {
  if ('error' in destination) return [invalid(destination.error)];
  if (permitsDestination(project, destination)) return [];
  const shown = application.spec.destination.name || destination.server;
  return [
    invalid(
      `application destination server '${shown}' and namespace '${destination.namespace}' ` +
        `do not match any of the allowed destinations in project '${projectName(application)}'`,
    ),
  ];
}
