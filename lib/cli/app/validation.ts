// What is wrong with an Application before it is created or rendered: its spec, its project, its destination (spec/api.md §4.2).
import type { Application } from '../../model/application.ts';
import type { ResolvedDestination } from '../../model/destination.ts';
import { InvalidInput } from '../../model/errors.ts';
import type { AppProject } from '../../model/project.ts';
import { projectName, specConditions } from '../../policy/spec.ts';
import type { Session } from '../shell.ts';

/** Throws InvalidInput with every fault, in the words of Argo CD's API. */
export async function checkApplication(
  session: Session,
  application: Application,
): Promise<{ readonly project: AppProject; readonly destination: ResolvedDestination }> {
  const { name } = application.metadata;
  const project = await session.project(projectName(application));
  if (!project) throw new InvalidInput(`app is not allowed in project "${projectName(application)}", or the project does not exist`);
  const destination = await destinationOf(session, application);
  const conditions = specConditions(application, project, destination, session.namespace);
  if (conditions.length === 0) return { project, destination };
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
