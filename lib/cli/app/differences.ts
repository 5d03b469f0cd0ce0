// What a sync of an Application would change: rendered here, compared by the rules of the worker, with the user's own rights.
import { type Compared, differenceOf, type ObjectDifference } from '../../compare/patch.ts';
import { type DifferenceReason, reasonsOf } from '../../compare/reasons.ts';
import { resolveRevisions } from '../../desired/render.ts';
import type { Application } from '../../model/application.ts';
import { InvalidInput, Unavailable } from '../../model/errors.ts';
import { NO_TAKE_OVER } from '../../model/managed-fields.ts';
import { keyOf, keyText, type LiveObject, type Manifest } from '../../model/manifest.ts';
import { isLenient } from '../../model/sync-options.ts';
import type { Cluster } from '../../ports.ts';
import { type Evaluation, evaluate, render } from '../../reconcile/evaluate.ts';
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
  const evaluation = await evaluate(target, asked, ports);
  const { comparison, rules } = evaluation;
  // Hooks and objects that are not compared have no status.
  const rows: readonly Compared[] = comparison.resources.filter((row) => row.status !== '' && row.status !== 'Synced');
  const differing = [...rows, ...namespaceRow(evaluation)];
  const predicted = await Promise.all(
    differing.map((row) => (row.target && row.live ? dryRun(target.cluster, row.target, rules.syncOptions) : undefined)),
  );
  const answers = predicted.filter((answer) => answer !== undefined);
  const shown = { ...(await withEdits(rules, answers, ports.scripts)), maskedAnnotations: target.resources.maskedAnnotations };
  return differing.map((row, index) => {
    // What others set on the Namespace stays theirs.
    const counting = rows.includes(row) ? shown : { ...shown, takeOver: NO_TAKE_OVER };
    return { ...differenceOf(row, predicted[index], counting), reasons: reasonsOf(row, counting, rules.alone ?? false) };
  });
}

/** The destination's Namespace, where it is not as `managedNamespaceMetadata` wants it: it has no row. */
function namespaceRow({ comparison, rules: { namespace }, live }: Evaluation): readonly Compared[] {
  if (!comparison.namespaceDiffers || !namespace) return [];
  const key = keyOf(namespace);
  return [{ key, target: namespace, live: live.get(keyText(key)), settled: false }];
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

/** What the sources render to, as a worker would do it. Throws as `differencesOf` does. */
export async function renderedOf(
  shell: Shell,
  session: Session,
  application: Application,
  request: RevisionRequest,
): Promise<readonly Manifest[]> {
  const target = await targetOf(session, application);
  const ports = { ...(await shell.renderer(session)), renderSettings: session.renderSettings };
  const sources = sourcesAsked(application, request);
  const notBefore = shell.clock();
  const revisions = await resolveRevisions(sources, application.spec.project, notBefore, ports.repositories);
  return (await render(target, { sources, revisions, operationStartedAt: undefined, notBefore }, ports)).manifests;
}

async function targetOf(session: Session, application: Application): Promise<Target> {
  const { project, destination } = await checkApplication(session, application);
  if (destination.server !== IN_CLUSTER) {
    throw new InvalidInput(`evenkeel reads only the control cluster yet: ${application.metadata.name} goes to ${destination.server}`);
  }
  const { cluster, namespace: controlNamespace } = session;
  return { application, project, destination, cluster, controlNamespace, resources: await session.resourceSettings() };
}

/** The API server says best what an apply would make of an object; where it refuses, the outcome is worked out in memory. */
async function dryRun(cluster: Cluster, target: Manifest, options: readonly string[]): Promise<LiveObject | undefined> {
  try {
    return await cluster.apply(target, { dryRun: true, lenient: isLenient(options, target) });
  } catch (thrown) {
    if (thrown instanceof Unavailable) throw thrown;
    return undefined;
  }
}
