// Hooks of a deletion, run and cleaned up: each call looks at what is there and does one step (spec/application.md §9, spec/sync.md §13).
import { isTrackedBy } from '../compare/tracking.ts';
import { resolveRevisions } from '../desired/render.ts';
import { sourcesOf } from '../model/application.ts';
import { Conflict, InvalidInput, messageOf, NotPermitted } from '../model/errors.ts';
import { gvkOf, keyOf, keyText, type LiveObject, type Manifest, objectName, refOf } from '../model/manifest.ts';
import {
  type DeleteHook,
  deleteHooks,
  type HookRun,
  type HookStep,
  hookErrorPrefix,
  hookStep,
  hooksFailed,
  hooksToClean,
} from '../policy/delete-hooks.ts';
import { resourceRefusal } from '../policy/project.ts';
import { specConditions } from '../policy/spec.ts';
import { asSent } from '../sync/apply.ts';
import { inParallel } from '../sync/parallel.ts';
import { deleted } from '../sync/release.ts';
import { render } from './evaluate.ts';
import { healthsOf } from './healths.ts';
import { inventoryOf, readLive } from './live.ts';
import type { ReconcilePorts } from './ports.ts';
import { ownerOf, type Target } from './target.ts';
import { writeApplication } from './write.ts';

/** Where hooks stand after a call: nothing left to do, or what is waited for. */
export type HookProgress = 'done' | { readonly waitsFor: readonly LiveObject[] };

/** Whose hooks, as Git has them: an answer of Git that was read before `notBefore` (milliseconds since the epoch) does not count. */
interface Asked {
  readonly target: Target;
  readonly notBefore: number;
}

const AT_ONCE = 10;

/** One step of running the hooks of a type. Throws InvalidInput and NotPermitted with why they cannot run, or did not succeed. */
export async function runHooks(asked: Asked, type: DeleteHook, ports: ReconcilePorts): Promise<HookProgress> {
  const { target } = asked;
  try {
    const runs = await runsOf(asked, type, ports);
    const owner = ownerOf(target);
    const step = hookStep(runs, (live) => isTrackedBy(live, owner.instance, owner.tracking));
    // All of them, in each pass: one that was created stays known whatever became of the others.
    if (type === 'PreDelete' && step.kind !== 'foreign') await recordHooks(target, runs, ports);
    return await take(step, target, type);
  } catch (error) {
    if (!(error instanceof InvalidInput || error instanceof NotPermitted)) throw error;
    throw new InvalidInput(`${hookErrorPrefix(type)}${messageOf(error)}`, { cause: error });
  }
}

/** One step of deleting what the hooks of a type left, by their policies. */
export async function cleanHooks(asked: Asked, type: DeleteHook, ports: ReconcilePorts): Promise<HookProgress> {
  const objects = hooksToClean(await runsOf(asked, type, ports));
  if (objects.length === 0) return 'done';
  await remove(asked.target, objects);
  return { waitsFor: objects };
}

async function take(step: HookStep, target: Target, type: DeleteHook): Promise<HookProgress> {
  switch (step.kind) {
    case 'done':
      return 'done';
    case 'foreign':
      throw new InvalidInput(
        `${step.hooks.map((hook) => objectName(keyOf(hook))).join(', ')}: exists and is not this Application's; rename the hook or delete the object`,
      );
    case 'missing':
      await create(target, step.hooks);
      return { waitsFor: [] };
    case 'failed':
      await remove(target, step.objects);
      throw new InvalidInput(hooksFailed(type, step.objects));
    case 'leftover':
    case 'leaving':
      await remove(target, step.objects);
      return { waitsFor: step.objects };
    case 'running':
      return { waitsFor: step.objects };
  }
}

/** The hooks of a type at the commit that the spec names now, with what the cluster has of them. */
async function runsOf(asked: Asked, type: DeleteHook, ports: ReconcilePorts): Promise<readonly HookRun[]> {
  const { target } = asked;
  const hooks = deleteHooks(await rendered(asked, ports), type, target.application);
  const refs = hooks.map(refOf);
  const live = await readLive(target.cluster, refs, ownerOf(target));
  const found = hooks.flatMap((hook) => live.get(keyText(keyOf(hook))) ?? []);
  const healths = await healthsOf(found, target.resources, ports.scripts);
  const healthBy = new Map(found.map((object, index) => [object, healths[index]]));
  return hooks.map((hook) => {
    const object = live.get(keyText(keyOf(hook)));
    return { hook, live: object, health: object && healthBy.get(object) };
  });
}

/** Whoever may not deploy from a source may not run its hooks either, so the whole spec has to be permitted. */
async function rendered({ target, notBefore }: Asked, ports: ReconcilePorts): Promise<readonly Manifest[]> {
  const { application, project, destination, controlNamespace } = target;
  const conditions = specConditions(application, project, destination, controlNamespace);
  if (conditions.length > 0) throw new NotPermitted(conditions.map(({ message }) => message).join('; '));
  const sources = sourcesOf(application.spec);
  const revisions = await resolveRevisions(sources, application.spec.project, notBefore, ports.repositories);
  return (await render(target, { sources, revisions, operationStartedAt: undefined, notBefore }, ports)).manifests;
}

/** Nothing is created while one of the hooks may not be; a hook that somebody, or a lost run of ours, was faster with is the next pass's. */
async function create(target: Target, hooks: readonly Manifest[]): Promise<void> {
  const refusals = (await Promise.all(hooks.map((hook) => refusalOf(target, hook)))).filter((refusal) => refusal !== undefined);
  if (refusals.length > 0) throw new NotPermitted(refusals.join('; '));
  await inParallel(hooks, AT_ONCE, async (hook) => {
    try {
      await target.cluster.create(asSent(hook));
    } catch (error) {
      if (!(error instanceof Conflict)) throw error;
    }
  });
}

async function refusalOf({ cluster, project, destination }: Target, hook: Manifest): Promise<string | undefined> {
  const key = keyOf(hook);
  const type = await cluster.resourceType(gvkOf(hook));
  const refusal = type
    ? resourceRefusal(project, key, type.namespaced, destination)
    : `the destination does not serve ${hook.apiVersion} ${hook.kind}`;
  return refusal && `${objectName(key)}: ${refusal}`;
}

/** Into the inventory, before they exist: the cascade deletes hooks that came before it with the rest. */
async function recordHooks({ application }: Target, runs: readonly HookRun[], ports: ReconcilePorts): Promise<void> {
  const hooks = runs.map(({ hook }) => hook);
  const known = new Set(inventoryOf(application).map(keyText));
  const added = hooks.filter((hook) => !known.has(keyText(keyOf(hook))));
  const rows = added.map((hook) => ({ ...refOf(hook), hook: true }));
  if (rows.length === 0) return;
  const resources = [...(application.status?.resources ?? []), ...rows];
  await writeApplication(ports.control, application, { status: { ...application.status, resources } });
}

/** What a sync has left held is let go; what is on its way already is only that. */
async function remove({ cluster }: Target, objects: readonly LiveObject[]): Promise<void> {
  await inParallel(objects, AT_ONCE, (live) => deleted(cluster, live, 'Foreground'));
}
