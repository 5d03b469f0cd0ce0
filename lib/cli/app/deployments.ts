// Deployments that an Application's status no longer holds. A worker reads them: it alone has the key to the store (lib/model/deployments.ts).
import { DEPLOYMENTS, REFRESH, REFRESH_TIMESTAMP } from '../../model/annotations.ts';
import type { ApplicationRef, RevisionHistory } from '../../model/application.ts';
import { isDeploymentsQuestion, parseDeploymentsAnswer } from '../../model/deployments.ts';
import { annotationOf } from '../../model/manifest.ts';
import { EXIT_ERROR, Exit } from '../exit.ts';
import type { Session, Shell } from '../shell.ts';
import { notFound, objectRef } from './store.ts';
import { poll } from './watching.ts';

const PATIENCE_SECONDS = 180;

/**
 * `asked` is an id, or ALL_DEPLOYMENTS. The answer is taken away once it is read. Throws Exit 20 when no worker answers, within
 * `timeoutSeconds` where that is not 0.
 */
export async function olderDeployments(
  shell: Shell,
  session: Session,
  ref: ApplicationRef,
  asked: string,
  timeoutSeconds = 0,
): Promise<readonly RevisionHistory[]> {
  const annotate = (annotations: Readonly<Record<string, string | null>>) =>
    session.cluster.patch(objectRef(ref), { metadata: { annotations } });
  if (shell.terminal.interactive) shell.terminal.note('asked for older deployments; a worker answers at the next tick, within a minute');
  const patience = timeoutSeconds > 0 ? Math.min(timeoutSeconds, PATIENCE_SECONDS) : PATIENCE_SECONDS;
  // A worker that answers an earlier question at this moment takes away the refresh that it has read, and no other.
  const asks = () => ({ [DEPLOYMENTS]: asked, [REFRESH_TIMESTAMP]: new Date(shell.clock()).toISOString() });
  let deployments: readonly RevisionHistory[] | undefined;
  await poll(shell, session, ref, patience, async (found) => {
    if (!found) throw notFound(ref);
    const text = annotationOf(found.object, DEPLOYMENTS);
    const answer = parseDeploymentsAnswer(text);
    if (answer?.asked === asked) deployments = answer.deployments;
    else if (!isDeploymentsQuestion(text)) await annotate({ ...asks(), [REFRESH]: annotationOf(found.object, REFRESH) ?? 'normal' });
    return deployments !== undefined;
  });
  await annotate({ [DEPLOYMENTS]: null });
  if (deployments) return deployments;
  throw new Exit(EXIT_ERROR, `no worker has told of older deployments of '${ref.name}' within ${patience} s`);
}
