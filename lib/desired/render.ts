// desiredState: the sources of an Application at fixed commits -> the objects that should exist.
import type { Application, ApplicationCondition, ApplicationSource } from '../model/application.ts';
import type { Closure, DesiredState } from '../model/desired.ts';
import { InvalidInput, NotPermitted } from '../model/errors.ts';
import { type GroupVersionKind, gvkOf, type Manifest } from '../model/manifest.ts';
import type { Tracking } from '../model/tracking.ts';
import type { Repositories } from '../ports.ts';
import { normalise, type Scope } from './manifests.ts';
import { type Rendered, type RenderPorts, renderSource } from './render-source.ts';
import type { RenderSettings } from './settings.ts';
import { sourceRefusal } from './source.ts';
import { refSourceFault } from './value-files.ts';

export interface DesiredStateInput {
  readonly application: Application;
  readonly sources: readonly ApplicationSource[];
  /** The commit of each source, from `resolveRevisions` or an operation. */
  readonly revisions: readonly string[];
  readonly instanceName: string;
  readonly destinationNamespace: string;
  /** Undefined for a kind that the destination does not serve. */
  readonly scopeOf: (kind: GroupVersionKind) => Promise<Scope | undefined>;
  /** What charts see as `.Capabilities`. */
  readonly kubeVersion: string;
  readonly apiVersions: readonly string[];
  readonly settings: RenderSettings;
  /** How objects are marked as the Application's; by annotation when absent. */
  readonly tracking?: Tracking;
  /** Kinds that the installation leaves alone; none when absent. */
  readonly excludes?: (kind: GroupVersionKind) => boolean;
  /** Whether the project lets the Application use what we know of a repository to reach it. */
  readonly permits: (repoURL: string) => boolean;
  /** Answers of remotes that are older than this (ms) do not count. */
  readonly notBefore: number;
  /** A hard refresh: renders again, whatever is remembered, and holds it against that. */
  readonly fresh?: boolean;
  /** What the last render left with the Application. */
  readonly before?: Closure | undefined;
}

/**
 * The commit that each source names now. An answer that was read from the remote at or after `notBefore` (ms) may be reused.
 * Throws InvalidInput with the text for the ComparisonError condition, Unavailable when a remote does not answer.
 */
export function resolveRevisions(
  sources: readonly ApplicationSource[],
  project: string,
  notBefore: number,
  repositories: Repositories,
): Promise<string[]> {
  return eachSource(sources, async (source) => {
    const refusal = sourceRefusal(source);
    if (refusal !== undefined) throw new InvalidInput(`source.${refusal}`);
    return repositories.resolveRevision(source, notBefore, project || 'default');
  });
}

/**
 * What should exist, normalised and tracked, with the files that it came from.
 * Throws InvalidInput with the text for the ComparisonError condition (spec/rendering.md §11, without its "rpc error" part),
 * Unavailable when a remote does not answer.
 */
export async function desiredState(input: DesiredStateInput, ports: RenderPorts): Promise<DesiredState> {
  const fault = refSourceFault(input.sources);
  if (fault !== undefined) throw new InvalidInput(`Failed to load target state: failed to get ref sources: ${fault}`);
  const version = await ports.renderer.version();
  const rendered = await eachSource(input.sources, (source, index) =>
    renderSource({ input, source, index, revision: input.revisions[index] ?? '', version }, ports),
  );
  const manifests = rendered.flatMap((result) => result.manifests);
  const scopes = await scopesOf(manifests, input.scopeOf);
  const { instanceName, destinationNamespace, tracking, excludes } = input;
  const scopeOf = (kind: GroupVersionKind) => scopes.get(kindText(kind));
  const normalised = normalise(manifests, { instanceName, destinationNamespace, scopeOf, tracking, excludes });
  return {
    manifests: normalised.manifests,
    conditions: [...normalised.conditions, ...differing(rendered, input.sources)],
    revisions: input.revisions,
    sourceTypes: rendered.map((result) => result.sourceType),
    closure: { sources: rendered.flatMap((result) => result.closures) },
  };
}

/** All at once; of several failures the first source's counts. */
async function eachSource<T>(
  sources: readonly ApplicationSource[],
  work: (source: ApplicationSource, index: number) => Promise<T>,
): Promise<T[]> {
  const results = await Promise.allSettled(sources.map(work));
  return results.map((result, index) => {
    if (result.status === 'fulfilled') return result.value;
    const { reason } = result;
    if (!(reason instanceof InvalidInput || reason instanceof NotPermitted)) throw reason;
    const place = `failed to generate manifest for source ${index + 1} of ${sources.length}`;
    const message = `Failed to load target state: ${place}: ${reason.message}`;
    throw reason instanceof InvalidInput ? new InvalidInput(message, { cause: reason }) : new NotPermitted(message, { cause: reason });
  });
}

/** Objects that come out differently each time: the first output is kept, so that they are not OutOfSync for ever. */
function differing(rendered: readonly Rendered[], sources: readonly ApplicationSource[]): readonly ApplicationCondition[] {
  return rendered.flatMap(({ differs }, index) => {
    if (differs.length === 0) return [];
    const where = `source ${index + 1} of ${sources.length}`;
    const message = `${where} renders differently each time (random or time functions?): ${differs.join(', ')}; what was rendered first is kept`;
    return [{ type: 'NonDeterministicRenderWarning' as const, message }];
  });
}

async function scopesOf(manifests: readonly Manifest[], scopeOf: DesiredStateInput['scopeOf']): Promise<ReadonlyMap<string, Scope>> {
  const kinds = new Map(manifests.map(gvkOf).map((kind) => [kindText(kind), kind]));
  const scopes = await Promise.all([...kinds].map(async ([text, kind]) => [text, await scopeOf(kind)] as const));
  return new Map(scopes.filter((entry): entry is readonly [string, Scope] => entry[1] !== undefined));
}

function kindText(kind: GroupVersionKind): string {
  return `${kind.group}/${kind.version}/${kind.kind}`;
}
