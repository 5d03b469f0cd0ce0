// What is wrong with an Application before it is created: its spec, its project, its destination (spec/api.md §4.2).
import type { Application } from '../../model/application.ts';
import type { ResolvedDestination } from '../../model/destination.ts';
import { InvalidInput } from '../../model/errors.ts';
import { parseProject } from '../../model/project.ts';
import { projectName, specConditions } from '../../policy/spec.ts';
import type { Session } from '../shell.ts';

/** Throws InvalidInput with every fault, in the words of Argo CD's API. */
export async function checkApplication(session: Session, application: Application): Promise<void> {
  const { name } = application.metadata;
  const project = projectName(application);
  const kind = { group: 'argoproj.io', version: 'v1alpha1', kind: 'AppProject' };
  const found = await session.cluster.get({ ...kind, namespace: session.namespace, name: project });
  if (!found) throw new InvalidInput(`app is not allowed in project "${project}", or the project does not exist`);
  const destination = await destinationOf(session, application);
  const conditions = specConditions(application, parseProject(found), destination, session.namespace);
  if (conditions.length === 0) return;
  const faults = conditions.map(({ type, message }) => `${type}: ${message}`).join('; ');
  throw new InvalidInput(`application spec for ${name} is invalid: ${faults}`);
}

async function destinationOf(session: Session, application: Application): Promise<ResolvedDestination> {
  try {
    return await session.resolve(application.spec.destination);
  } catch (cause) {
    if (!(cause instanceof InvalidInput)) throw cause;
    const { name } = application.metadata;
    throw new InvalidInput(`application destination spec for ${name} is invalid: ${cause.message}`, { cause });
  }
}
