// What a sync of an Application would change: rendered here, compared by the rules of the worker, with the user's own rights.
import { differenceOf, type ObjectDifference } from '../../compare/patch.ts';
import { type DifferenceReason, reasonsOf } from '../../compare/reasons.ts';
import { resolveRevisions } from '../../desired/render.ts';
import type { Application } from '../../model/application.ts';
import { InvalidInput, Unavailable } from '../../model/errors.ts';
import type { LiveObject, Manifest } from '../../model/manifest.ts';
import type { Cluster } from '../../ports.ts';
import { evaluate } from '../../reconcile/evaluate.ts';
import { withEdits } from '../../reconcile/judge.ts';
import type { Target } from '../../reconcile/target.ts';
import { type RevisionRequest, sourcesAsked } from '../request/revisions.ts';
import type { Session, Shell } from '../shell.ts';
import { differenceBody, differenceHeader, differenceSides } from '../view/difference.ts';
import { reasonLines } from '../view/reasons.ts';
import { checkApplication } from './validation.ts';

export interface ExplainedDifference extends ObjectDifference {
  readonly reasons: readonly DifferenceReason[];
}

const IN_CLUSTER = 'https://kubernetes.default.svc';

/**
 * Nothing is changed. `fresh`: charts and files that may have moved are fetched again. Throws InvalidInput when the Application is not valid
 * or does not render, or lies in another cluster.
 */
export async function differencesOf(
  shell: Shell,
  session: Session,
  application: Application,
  request: RevisionRequest & { readonly fresh?: boolean },
): Promise<readonly ExplainedDifference[]> {
  const target = await targetOf(session, application);
  const ports = { ...(await shell.renderer(session)), renderSettings: session.renderSettings, scripts: await shell.scripts() };
  const sources = sourcesAsked(application, request);
  const notBefore = shell.clock();
  const revisions = await resolveRevisions(sources, application.spec.project, notBefore, ports.repositories);
  const { fresh = false } = request;
  const asked = { sources, revisions, operationStartedAt: undefined, notBefore, fresh };
  const { comparison, rules } = await evaluate(target, asked, ports);
  // Hooks and objects that are not compared have no status.
  const rows = comparison.resources.filter((row) => row.status !== '' && row.status !== 'Synced');
  const predicted = await Promise.all(rows.map((row) => (row.target && row.live ? dryRun(target.cluster, row.target) : undefined)));
  const answers = predicted.filter((answer) => answer !== undefined);
  const shown = { ...(await withEdits(rules, answers, ports.scripts)), maskedAnnotations: target.resources.maskedAnnotations };
  return rows.map((row, index) => ({
    ...differenceOf(row, predicted[index], shown),
    reasons: reasonsOf(row, shown, rules.alone ?? false),
  }));
}

/** Prints each difference, by the user's own program where one is set. */
export async function printDifferences(shell: Shell, differences: readonly ExplainedDifference[]): Promise<void> {
  const { terminal, externalDiff } = shell;
  for (const difference of differences) {
    terminal.write(differenceHeader(difference.key));
    const [live, target] = differenceSides(difference);
    if (externalDiff && live !== target) await externalDiff(live, target, difference.key.name);
    else terminal.write(`${differenceBody(difference, terminal.paintLine)}${reasonLines(difference.reasons)}`);
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
async function dryRun(cluster: Cluster, target: Manifest): Promise<LiveObject | undefined> {
  try {
    return await cluster.apply(target, { dryRun: true });
  } catch (thrown) {
    if (thrown instanceof Unavailable) throw thrown;
    return undefined;
  }
}
