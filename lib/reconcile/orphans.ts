// withOrphans: an evaluation with the warning about objects of the destination namespace that belong to nobody, where the project asks.
import { qualifiedName, refOfInstance } from '../model/application.ts';
import { InvalidInput, NotPermitted, Unavailable } from '../model/errors.ts';
import { keyText, type LiveObject } from '../model/manifest.ts';
import { instanceOf } from '../model/tracking.ts';
import { orphansAmong, orphanWarning } from '../policy/orphans.ts';
import type { Cluster, Control, Log, ResourceType } from '../ports.ts';
import { inParallel } from '../sync/parallel.ts';
import type { Evaluation } from './evaluate.ts';
import { excludedIn, ownerOf, type Target } from './target.ts';

interface OrphanPorts {
  readonly control: Pick<Control, 'application'>;
  readonly log: Log;
}

/** How many lists are under way at a time. */
const CONCURRENCY = 8;
/** So many are named in the log. */
const NAMED = 20;

/** One list of metadata for each kind of the namespace: only Applications whose project warns of orphans pay for it. */
export async function withOrphans(target: Target, evaluation: Evaluation, ports: OrphanPorts): Promise<Evaluation> {
  const { project, destination } = target;
  if (project.spec.orphanedResources?.warn !== true || destination.namespace === '') return evaluation;
  const managed = new Set(evaluation.comparison.resources.map((row) => keyText(row.key)));
  const orphans = await unowned(orphansAmong(await objectsOf(target), managed, project), target, ports);
  const names = orphans.slice(0, NAMED).map(({ kind, metadata }) => `${kind}/${metadata.name}`);
  if (names.length > 0)
    ports.log.info('orphans', { application: qualifiedName(target.application.metadata), count: orphans.length, names });
  return { ...evaluation, warnings: orphanWarning(project, orphans.length) };
}

async function objectsOf(target: Target): Promise<readonly LiveObject[]> {
  const { cluster, destination } = target;
  const excluded = excludedIn(target);
  const kinds = (await cluster.kinds()).filter((type) => type.namespaced && type.verbs.includes('list') && !excluded(type));
  const lists: (readonly LiveObject[])[] = [];
  await inParallel(kinds, CONCURRENCY, async (type) => lists.push(await listed(cluster, type, destination.namespace)));
  return lists.flat();
}

/** Of a kind that cannot be listed nothing is known: what is only a warning keeps no sync from what has nothing to do with that kind. */
async function listed(cluster: Cluster, type: ResourceType, namespace: string): Promise<readonly LiveObject[]> {
  try {
    return (await cluster.list(type, { namespace, metadataOnly: true })).items;
  } catch (error) {
    if (error instanceof NotPermitted || error instanceof InvalidInput || error instanceof Unavailable) return [];
    throw error;
  }
}

/** Without what another Application that is there says it owns. */
async function unowned(orphans: readonly LiveObject[], target: Target, { control }: OrphanPorts): Promise<readonly LiveObject[]> {
  const { instance, tracking } = ownerOf(target);
  const instances = new Set(
    orphans.map((object) => instanceOf(object, tracking)).filter((name) => name !== undefined && name !== instance),
  );
  const known = await Promise.all(
    [...instances].map(async (name = '') => {
      const ref = refOfInstance(name, target.controlNamespace);
      return ref && (await control.application(ref)) ? [name] : [];
    }),
  );
  const others = new Set(known.flat());
  return orphans.filter((object) => !others.has(instanceOf(object, tracking) ?? ''));
}
