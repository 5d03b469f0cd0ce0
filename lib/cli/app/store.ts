// Applications in the control cluster, as the commands find and change them.
import { type Application, type ApplicationRef, applicationOrFault, parseApplication } from '../../model/application.ts';
import { Conflict, InvalidInput, messageOf, NotPermitted } from '../../model/errors.ts';
import type { LiveObject } from '../../model/manifest.ts';
import type { ObjectRef } from '../../ports.ts';
import { EXIT_FAILED, Exit } from '../exit.ts';
import { valueAt } from '../request/fields.ts';
import { APPLICATION } from '../request/manifest.ts';
import type { Session } from '../shell.ts';
import { byName, isListed } from '../view/summary.ts';

/** How often a write starts again because somebody else wrote in between. */
const ATTEMPTS = 10;

/** An Application both as the API server returned it, which is what is printed, and parsed. */
export interface Found {
  readonly object: LiveObject;
  readonly application: Application;
}

/** How a command names the Applications that it is about. */
export interface Choice {
  readonly names: readonly string[];
  readonly selector?: string | undefined;
  readonly projects?: readonly string[] | undefined;
  readonly appNamespace?: string | undefined;
}

/** `[namespace/]name`; without one, the namespace of `--app-namespace`, else the control namespace. */
export function refOf(name: string, appNamespace: string | undefined, session: Session): ApplicationRef {
  const slash = name.indexOf('/');
  if (slash < 0) return { namespace: appNamespace || session.namespace, name };
  return { namespace: name.slice(0, slash), name: name.slice(slash + 1) };
}

export function objectRef(ref: ApplicationRef): ObjectRef {
  return { ...APPLICATION, ...ref };
}

/** Undefined when there is no such Application. */
export async function findApplication(session: Session, ref: ApplicationRef): Promise<Found | undefined> {
  const object = await session.cluster.get(objectRef(ref));
  return object && parsed(object);
}

/** Throws InvalidInput when there is no such Application. */
export async function readApplication(session: Session, ref: ApplicationRef): Promise<Found> {
  const found = await findApplication(session, ref);
  if (!found) throw notFound(ref);
  return found;
}

export function notFound(ref: ApplicationRef): InvalidInput {
  return new InvalidInput(
    `application '${ref.name}' not found in namespace '${ref.namespace}'; \`evenkeel app list\` shows those that are there`,
  );
}

/** Applications of a namespace (default: the control namespace), sorted by name; one that does not parse is there without its spec. */
export async function listApplications(session: Session, choice: Omit<Choice, 'names'>): Promise<readonly Found[]> {
  const namespace = choice.appNamespace || session.namespace;
  const labelSelector = choice.selector ? { labelSelector: choice.selector } : {};
  const { items } = await session.cluster.list(APPLICATION, { namespace, ...labelSelector });
  const found = new Map(items.map((object) => ({ object, ...applicationOrFault(object) })).map((each) => [each.application, each]));
  const listed = [...found.keys()].filter((application) => isListed(application, { projects: choice.projects ?? [] }));
  return byName(listed).flatMap((application) => found.get(application) ?? []);
}

/** The Applications that names, or else selector and projects, choose. Throws Exit 1 for both, and when nothing is found. */
export async function chooseApplications(session: Session, choice: Choice): Promise<readonly ApplicationRef[]> {
  const filtered = Boolean(choice.selector) || (choice.projects ?? []).length > 0;
  if (choice.names.length > 0) {
    if (filtered) throw new Exit(EXIT_FAILED, 'Cannot use selector option when application name(s) passed as argument(s)');
    return choice.names.map((name) => refOf(name, choice.appNamespace, session));
  }
  if (!filtered) throw new Exit(EXIT_FAILED, 'name an Application, or choose some with --selector or --project');
  const found = await listApplications(session, choice);
  if (found.length > 0) return found.map(({ application }) => application.metadata);
  const projects = (choice.projects ?? []).join(' ');
  throw new Exit(EXIT_FAILED, `No matching apps found for filter: selector ${choice.selector ?? ''} projects [${projects}]`);
}

/** Reads, decides, and writes unless somebody wrote in between: then again. `change` returns undefined when nothing has to be written. */
export async function changeApplication(
  session: Session,
  ref: ApplicationRef,
  change: (found: Found) => Readonly<Record<string, unknown>> | readonly unknown[] | undefined,
): Promise<Found> {
  for (let attempt = 1; ; attempt += 1) {
    const found = await readApplication(session, ref);
    const patch = change(found);
    if (!patch) return found;
    try {
      return parsed(await session.cluster.patch(objectRef(ref), patch));
    } catch (thrown) {
      if (!(thrown instanceof Conflict) || attempt === ATTEMPTS) throw thrown;
    }
  }
}

/** Who the API server says that the user is; undefined when it does not say. */
export async function userName(session: Session): Promise<string | undefined> {
  try {
    const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview', metadata: {} };
    const name = valueAt(await session.cluster.create(review), 'status.userInfo.username');
    return typeof name === 'string' && name !== '' ? name : undefined;
  } catch (thrown) {
    // Servers before 1.28 have no such review, and it is only a name.
    if (thrown instanceof InvalidInput || thrown instanceof NotPermitted) return undefined;
    throw thrown;
  }
}

/** Throws InvalidInput that names the Application when it cannot be read as one. */
export function parsed(object: LiveObject): Found {
  try {
    return { object, application: parseApplication(object) };
  } catch (cause) {
    const { namespace, name } = object.metadata;
    throw new InvalidInput(`application ${namespace}/${name}: ${messageOf(cause)}`, { cause });
  }
}
