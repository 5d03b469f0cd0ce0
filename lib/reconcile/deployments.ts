// What was deployed before what .status.history still holds: kept in the store of rendered output, and told to whoever asks by annotation.
// The store is there to be lost, so what it does not have any more, or does not take, holds up nothing.
import { DEPLOYMENTS } from '../model/annotations.ts';
import { type Application, type ApplicationStatus, qualifiedName, type RevisionHistory } from '../model/application.ts';
import { ALL_DEPLOYMENTS, deploymentsAnswerText, isDeploymentsQuestion, parseDeployment } from '../model/deployments.ts';
import { messageOf } from '../model/errors.ts';
import { annotationOf } from '../model/manifest.ts';
import type { ReconcilePorts } from './ports.ts';
import { writeApplication } from './write.ts';

type DeploymentPorts = Pick<ReconcilePorts, 'store' | 'control' | 'log'>;

/** So many are read at a time, and so many are looked for when all are asked for. */
const AT_ONCE = 50;
const FARTHEST = 500;

/** Keeps what `.status.history` loses with `after`: one write for each sync, once the limit is reached. A limit of 0 keeps none here either. */
export async function keepDeployments(before: Application, after: ApplicationStatus, { store, log }: DeploymentPorts): Promise<void> {
  const oldest = after.history?.[0]?.id;
  const lost = (before.status?.history ?? []).filter(({ id }) => oldest !== undefined && id < oldest);
  try {
    await Promise.all(lost.map((entry) => store?.write(keyOf(before, entry.id), JSON.stringify(entry))));
  } catch (thrown) {
    log.warn('history: a deployment is not kept', { application: qualifiedName(before.metadata), reason: messageOf(thrown) });
  }
}

/** The Application with the answer to what it asks of its deployments; as it is when it asks for nothing. */
export async function tellDeployments(application: Application, ports: DeploymentPorts): Promise<Application> {
  const asked = annotationOf(application, DEPLOYMENTS);
  if (!isDeploymentsQuestion(asked)) return application;
  const found = asked === ALL_DEPLOYMENTS ? await all(application, ports) : await some(application, [Number(asked)], ports);
  return writeApplication(ports.control, application, { annotations: { [DEPLOYMENTS]: deploymentsAnswerText(asked, found) } });
}

/** Oldest first. */
async function all(application: Application, ports: DeploymentPorts): Promise<readonly RevisionHistory[]> {
  const newest = (application.status?.history?.[0]?.id ?? 0) - 1;
  const last = Math.max(0, newest - FARTHEST + 1);
  let found: readonly RevisionHistory[] = [];
  for (let to = newest; to >= last; to -= AT_ONCE) {
    const from = Math.max(last, to - AT_ONCE + 1);
    const ids = Array.from({ length: to - from + 1 }, (_, index) => from + index);
    found = [...(await some(application, ids, ports)), ...found];
  }
  return found;
}

async function some(
  application: Application,
  ids: readonly number[],
  { store, log }: DeploymentPorts,
): Promise<readonly RevisionHistory[]> {
  try {
    const texts = await Promise.all(ids.map((id) => store?.read(keyOf(application, id))));
    return texts.map(parseDeployment).filter((entry) => entry !== undefined);
  } catch (thrown) {
    log.warn('history: deployments cannot be read', { application: qualifiedName(application.metadata), reason: messageOf(thrown) });
    return [];
  }
}

/** An Application of the same name that comes later has another uid, and a history of its own. */
function keyOf({ metadata }: Application, id: number): string {
  return `deployment ${qualifiedName(metadata)} ${metadata.uid ?? ''} ${id}`;
}
