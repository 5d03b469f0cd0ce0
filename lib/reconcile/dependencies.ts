// Whether an Application has to wait for others before it is synced. Only one that names others pays for it, with a request for each.
import { type Application, applicationOrFault } from '../model/application.ts';
import { type DependencyVerdict, dependenciesOf, dependencyVerdict } from '../policy/dependencies.ts';
import type { Control } from '../ports.ts';

/** What is looked at, so that a long chain costs no more than this many requests. */
const FARTHEST = 64;

const FREE: DependencyVerdict = { kind: 'free' };

export async function dependencies(application: Application, control: Control): Promise<DependencyVerdict> {
  if (dependenciesOf(application).length === 0) return FREE;
  const known = new Map<string, Application | undefined>();
  let next = dependenciesOf(application);
  while (next.length > 0 && known.size < FARTHEST) {
    const found = await Promise.all(next.map(async (name) => [name, await read(name, control)] as const));
    for (const [name, other] of found) known.set(name, other);
    next = [...new Set(found.flatMap(([, other]) => (other ? dependenciesOf(other) : [])))].filter((name) => !known.has(name));
  }
  return dependencyVerdict(application, known);
}

async function read(name: string, control: Control): Promise<Application | undefined> {
  const object = await control.application({ namespace: control.namespace, name });
  return object && applicationOrFault(object).application;
}
