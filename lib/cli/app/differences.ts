// What a sync of an Application would change: rendered here, compared by the rules of the worker, with the user's own rights.
import { differenceOf, type ObjectDifference, type ShowRules } from '../../compare/patch.ts';
import { resolveRevisions } from '../../desired/render.ts';
import type { Application } from '../../model/application.ts';
import type { ResourceComparison } from '../../model/comparison.ts';
import { InvalidInput, Unavailable } from '../../model/errors.ts';
import type { LiveObject } from '../../model/manifest.ts';
import type { Cluster } from '../../ports.ts';
import { comparisonRules, evaluate, type Target } from '../../reconcile/evaluate.ts';
import { type RevisionRequest, sourcesAsked } from '../request/revisions.ts';
import type { Session, Shell } from '../shell.ts';
import { differenceBody, differenceHeader, differenceSides } from '../view/difference.ts';
import { checkApplication } from './validation.ts';

const IN_CLUSTER = 'https://kubernetes.default.svc';

/** Nothing is changed. `fresh`: charts and files that may have moved are fetched again. Throws InvalidInput when the Application is not valid or does not render, or lies in another cluster. */
export async function differencesOf(
  shell: Shell,
  session: Session,
  application: Application,
  request: RevisionRequest & { readonly fresh?: boolean },
): Promise<readonly ObjectDifference[]> {
  const target = await targetOf(session, application);
  const ports = { ...(await shell.renderer(session)), renderSettings: session.renderSettings };
  const sources = sourcesAsked(application, request);
  const notBefore = shell.clock();
  const revisions = await resolveRevisions(sources, application.spec.project, notBefore, ports.repositories);
  const { fresh = false } = request;
  const { comparison } = await evaluate(target, { sources, revisions, operationStartedAt: undefined, notBefore, fresh }, ports);
  const rules = { ...comparisonRules(target), maskedAnnotations: target.resources.maskedAnnotations };
  // Hooks and objects that are not compared have no status.
  const rows = comparison.resources.filter((row) => row.status !== '' && row.status !== 'Synced');
  return Promise.all(rows.map((row) => judged(target.cluster, row, rules)));
}

/** Prints each difference, by the user's own program where one is set. */
export async function printDifferences(shell: Shell, differences: readonly ObjectDifference[]): Promise<void> {
  const { terminal, externalDiff } = shell;
  for (const difference of differences) {
    terminal.write(differenceHeader(difference.key));
    const [live, target] = differenceSides(difference);
    if (externalDiff && live !== target) await externalDiff(live, target, difference.key.name);
    else terminal.write(differenceBody(difference, terminal.paintLine));
  }
}

async function targetOf(session: Session, application: Application): Promise<Target> {
  const { project, destination } = await checkApplication(session, application);
  if (destination.server !== IN_CLUSTER) {
    throw new InvalidInput(`app diff reads only the control cluster yet: ${application.metadata.name} goes to ${destination.server}`);
  }
  const { cluster, namespace: controlNamespace } = session;
  return { application, project, destination, cluster, controlNamespace, resources: await session.resourceSettings() };
}

/** The API server says best what an apply would make of an object; where it refuses, the outcome is worked out in memory. */
async function judged(cluster: Cluster, row: ResourceComparison, rules: ShowRules): Promise<ObjectDifference> {
  return differenceOf(row, row.target && row.live && (await dryRun(cluster, row.target)), rules);
}

async function dryRun(cluster: Cluster, target: NonNullable<ResourceComparison['target']>): Promise<LiveObject | undefined> {
  try {
    return await cluster.apply(target, { dryRun: true });
  } catch (thrown) {
    if (thrown instanceof Unavailable) throw thrown;
    return undefined;
  }
}
