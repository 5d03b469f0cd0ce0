// operate: one operation, begun or resumed, as far as the deadline lets it come.
import { isDeepStrictEqual } from 'node:util';
import { resolveRevisions } from '../desired/render.ts';
import {
  type Application,
  type ApplicationCondition,
  applicationOrFault,
  isMultiSource,
  type ResourceStatus,
  type SyncPolicy,
  sourcesOf,
} from '../model/application.ts';
import { Conflict, InvalidInput, messageOf, NotPermitted } from '../model/errors.ts';
import { keyOf, keyOfRow, keyText, type LiveObject } from '../model/manifest.ts';
import { isRestore, type Operation, type OperationState, type SyncOperation } from '../model/operation.ts';
import { isSuperseded } from '../policy/autosync.ts';
import { budgetWarning, isOverBudget } from '../policy/deletion-budget.ts';
import { deadlineOf, isHeldBack, released } from '../sync/deadline.ts';
import { goneTasks } from '../sync/gone.ts';
import { beginning, leftHooks, type PlanInput, planSync } from '../sync/plan.ts';
import { respectIgnored } from '../sync/respect.ts';
import { isPruned } from '../sync/result.ts';
import { nextAttempt, retryRemainingSeconds } from '../sync/retry.ts';
import { advanceSync } from '../sync/run.ts';
import type { SyncTask } from '../sync/task.ts';
import { concluded, ended, type Operated, refusedWhole, type Standing, waiting } from './conclude.ts';
import { SYNC_CONDITIONS } from './conditions.ts';
import { type Evaluated, type Evaluation, type Failure, held, isFailure, render } from './evaluate.ts';
import { healthsOf } from './healths.ts';
import { holdOf, type Wanted } from './hold.ts';
import { ignoredFields, takeOverIn } from './judge.ts';
import { approvalOf, begun, operationId, operationRevisions, operationSources, pinned, stoppedByDeletion, withRows } from './operation.ts';
import type { ReconcilePorts } from './ports.ts';
import { closureText, hookFinalizers } from './prepare.ts';
import { refusalOf, refusalsOf } from './refusals.ts';
import { keepPruned, keptEvaluation } from './restore.ts';
import { stamped, statusOf, withConditions, withInventory } from './status.ts';
import type { Target } from './target.ts';
import { timeOf } from './time.ts';
import { writeApplication } from './write.ts';

/**
 * Begins or resumes the operation, writes its progress, and returns how it stands. `spec` is the evaluation of the Application's own
 * sources, which may have failed: an operation pinned to another commit goes on all the same.
 */
export async function operate(target: Target, spec: Evaluated, wanted: Wanted, ports: ReconcilePorts, deadline: number): Promise<Operated> {
  const { application } = target;
  const found = stoppedByDeletion(application, wanted.running) ?? begun(application, wanted.operation, timeOf(ports), liveOf(spec));
  const first = released(found, timeOf(ports));
  const hold = await holdOf(target, first, wanted.free ?? false, ports);
  if (hold && 'refusal' in hold) return ended(target, pinnedAt(target, first, []), spec, hold.refusal, ports);
  if (hold) return waiting({ target, spec }, heldRecord(hold, found, first), hold.afterSeconds, ports);
  const left = retryRemainingSeconds(first, ports.clock());
  const own = await ownEvaluation(target, spec, left > 0 ? first : asked(first), ports);
  const overtaken = isOvertaken(application, wanted.running, spec, own);
  if (left > 0 && !overtaken) return waiting({ target, spec }, first, left, ports);
  const state: OperationState = overtaken ? { ...first, phase: 'Terminating' } : first;
  return isFailure(own) ? unloaded(target, spec, own, state, ports) : begin({ target, spec, own }, state, ports, deadline);
}

/** What there is of the Application in the cluster, as far as it was looked at. */
function liveOf(spec: Evaluated): Iterable<LiveObject> {
  return isFailure(spec) ? [] : spec.live.values();
}

/** A window that still holds it has let nothing go on; anything else holds what the window has let go, if one held it. */
function heldRecord({ message }: { readonly message: string }, before: OperationState, letGo: OperationState): OperationState {
  return { ...(isHeldBack({ message }) ? before : letGo), message };
}

/** An attempt that knows not what to sync. */
function unloaded(target: Target, spec: Evaluated, own: Failure, first: OperationState, ports: ReconcilePorts): Promise<Operated> {
  const state = pinnedAt(target, asked(first), own.revisions);
  const retry = { allowed: first.phase !== 'Terminating', until: deadlineOf(state, ports.settings.syncTimeoutSeconds) };
  return ended(target, state, spec, failureText(own, first), ports, retry);
}

async function begin({ target, spec, own }: Standing, first: OperationState, ports: ReconcilePorts, deadline: number): Promise<Operated> {
  const { application } = target;
  const base = first.phase === 'Terminating' ? first : resumed(first);
  const metadata = application.spec.syncPolicy?.managedNamespaceMetadata;
  const state = beginning(planInput(target, pinnedAt(target, base, own.desired.revisions, metadata), own));
  const current = await start({ target, spec, own }, first.operation, state, ports);
  const standing = { target: { ...target, application: current }, spec, own };
  const begins = current !== application;
  const shared = sharedRefusal(own, state);
  return shared ? refusedWhole(standing, state, shared, ports) : proceed(standing, state, ports, { deadline, begins });
}

/** The record with the commits of its sources. What was asked for when it began counts, whatever became of the request since. */
function pinnedAt(
  { application }: Target,
  state: OperationState,
  revisions: readonly string[],
  metadata?: SyncPolicy['managedNamespaceMetadata'],
): OperationState {
  const multiple = isMultiSource(state.operation.sync ?? {}) || isMultiSource(application.spec);
  return pinned(state, operationSources(application, state.operation), revisions, multiple, metadata);
}

function planInput({ application, destination }: Target, operationState: OperationState, own: Evaluation): PlanInput {
  return {
    operationState,
    comparison: own.comparison,
    hooks: own.hooks,
    live: own.live,
    scripted: own.rules.scripted,
    destinationNamespace: destination.namespace,
    managedNamespaceMetadata: application.spec.syncPolicy?.managedNamespaceMetadata,
  };
}

/** What another Application says it owns is not touched where the operation asks so (spec/sync.md §1.3). */
function sharedRefusal({ comparison }: Evaluation, { phase, operation }: OperationState): string | undefined {
  if (phase === 'Terminating' || !operation.sync?.syncOptions?.includes('FailOnSharedResource=true')) return undefined;
  const warning = comparison.conditions.find(({ type }) => type === 'SharedResourceWarning');
  return warning && `Shared resource found: ${warning.message}`;
}

function resumed(state: OperationState): OperationState {
  return state.phase === 'Running' && state.finishedAt ? nextAttempt(state) : state;
}

/** The record by which the commits of this run are looked for: an attempt that takes what Git has now has none yet. */
function asked(state: OperationState): OperationState {
  return state.operation.retry?.refresh === true ? resumed(state) : state;
}

/** Git moved on, and to something else: a commit that renders the same is no reason to stop what runs. */
function isOvertaken(application: Application, running: OperationState | undefined, spec: Evaluated, own: Evaluated): boolean {
  if (!running) return false;
  if (isFailure(spec) || !isSuperseded(application, running, spec.desired.revisions)) return false;
  return isFailure(own) || !isDeepStrictEqual(spec.desired.manifests, own.desired.manifests);
}

function failureText({ failure }: Failure, { operation }: OperationState): string {
  return isRestore(operation) ? failure : `ComparisonError: ${failure}`;
}

/** The comparison that the operation works from. */
function ownEvaluation(target: Target, spec: Evaluated, state: OperationState, ports: ReconcilePorts): Promise<Evaluated> {
  return isRestore(state.operation) ? keptEvaluation(target, spec, state, ports) : ofGit(target, spec, state, ports);
}

/** The one at hand, unless the operation is pinned to other commits or sources. */
async function ofGit(target: Target, spec: Evaluated, state: OperationState, ports: ReconcilePorts): Promise<Evaluated> {
  const sources = operationSources(target.application, state.operation);
  const wanted = operationRevisions(state);
  const known = isFailure(spec) ? undefined : reusable(spec, sources);
  const at = isFailure(spec) ? spec.revisions : spec.desired.revisions;
  const sameCommits = wanted.every((revision, index) => revision === undefined || revision === at[index]);
  if (known && sameCommits) return known;
  if (isFailure(spec) && sameCommits && isDeepStrictEqual(sources, sourcesOf(target.application.spec))) return spec;
  let revisions: readonly string[] = [];
  try {
    const asked = sources.map((source, index) => ({ ...source, targetRevision: wanted[index] ?? source.targetRevision }));
    const notBefore = Date.parse(state.startedAt);
    revisions = await resolveRevisions(asked, target.application.spec.project, notBefore, ports.repositories);
    const request = { sources, revisions, operationStartedAt: state.startedAt, notBefore };
    const desired = await render(target, request, ports);
    if (known && isDeepStrictEqual(desired.manifests, known.desired.manifests)) return { ...known, desired };
    return await held(target, request, desired, ports);
  } catch (error) {
    if (!(error instanceof InvalidInput || error instanceof NotPermitted)) throw error;
    return { failure: messageOf(error), revisions };
  }
}

/** Hooks without a name are called after the operation, so that only an evaluation of its own knows them. */
function reusable(spec: Evaluation, sources: Evaluation['sources']): Evaluation | undefined {
  const nameless = spec.desired.manifests.some((manifest) => !manifest.metadata.name);
  return !nameless && isDeepStrictEqual(sources, spec.sources) ? spec : undefined;
}

/** Says that the operation runs, and what it is about to touch, before it touches anything: a lost worker leaves no object unknown. */
function start({ target, spec, own }: Standing, operation: Operation, state: OperationState, ports: ReconcilePorts): Promise<Application> {
  const { application } = target;
  const now = timeOf(ports);
  const before = application.status?.operationState;
  const goesOn = before?.startedAt === state.startedAt && before.finishedAt === undefined;
  // One that was held before its first step is known, but not at which commits.
  if (goesOn && before.syncResult !== undefined) return Promise.resolve(application);
  const compared = withConditions(statusOf(application, spec, now), SYNC_CONDITIONS, [], now);
  const known = withInventory(compared, own.comparison.resources, operation.sync ?? {});
  const status = { ...known, operationState: state };
  const finalizers = hookFinalizers(application, spec);
  return writeApplication(ports.control, application, {
    status: stamped(application.status, status, now, false),
    operation,
    annotations: closureText(spec),
    ...(finalizers ? { finalizers } : {}),
  });
}

/** `begins`: the record was written just now, by this very run. */
interface Going {
  readonly deadline: number;
  readonly begins: boolean;
}

async function proceed(standing: Standing, recorded: OperationState, ports: ReconcilePorts, going: Going): Promise<Operated> {
  const { target, own } = standing;
  const sync = recorded.operation.sync ?? {};
  const options = sync.syncOptions ?? [];
  let { application } = target;
  const gone = isRestore(recorded.operation) ? [] : goneTasks(recorded, pruneableOf(application, standing), own.live);
  const state = withRows(recorded, gone);
  const tasks = planSync(planInput(target, state, own));
  const approvedAt = approvalOf(application, state, ports.clock());
  const warning = approvedAt === undefined ? overBudget(standing, tasks, sync) : undefined;
  const until = deadlineOf(state, ports.settings.syncTimeoutSeconds, approvedAt);
  const outcome = await advanceSync(
    {
      tasks,
      phase: state.phase === 'Terminating' ? 'Terminating' : 'Running',
      operation: sync,
      startedAt: Date.parse(state.startedAt),
      operationId: operationId(state),
      refusals: await refusalsOf(tasks, target),
      deletionApproved: approvedAt !== undefined,
      overBudget: warning !== undefined,
      overdue: ports.clock() >= until,
      now: ports.clock(),
      left: leftHooks(own.comparison, tasks),
    },
    {
      cluster: target.cluster,
      clock: ports.clock,
      confirm: () => (going.begins ? Promise.resolve() : stillCurrent(application, ports)),
      save: async (done) => {
        const status = { ...application.status, operationState: withRows(state, done) };
        application = await writeApplication(ports.control, application, { status });
      },
      health: async (live) => (await healthsOf([live], target.resources, ports.scripts))[0],
      keep: (live) => keepPruned(target, live, ports),
      takeOver: takeOverIn(application, options),
      refusal: (task) => refusalOf(task, target),
      prepare: (task) => respectIgnored(task, options, ignoredFields(target), own.rules.edited),
    },
    going.deadline,
  );
  return concluded(
    { ...standing, target: { ...target, application } },
    withRows(state, outcome.tasks),
    { ...outcome, until, warning },
    ports,
  );
}

/**
 * What the status names as there, and the commits of this operation do not have. Of its own commits it says what is to be pruned; of those of
 * an operation on others it does not.
 */
function pruneableOf({ status }: Application, { spec, own }: Standing): readonly ResourceStatus[] {
  const targets = own.comparison.resources.filter(({ target }) => target).map(({ key }) => key);
  const named = new Set([...targets, ...own.hooks.map(keyOf)].map(keyText));
  const isThere = (row: ResourceStatus) =>
    row.requiresPruning || (own !== spec && row.status !== undefined && row.health?.status !== 'Missing');
  return (status?.resources ?? []).filter((row) => isThere(row) && !named.has(keyText(keyOfRow(row))));
}

/** One request, for a run that goes on with an operation: rendering takes time, in which another worker may have come further. */
async function stillCurrent(application: Application, { control }: ReconcilePorts): Promise<void> {
  const fresh = await control.application(application.metadata);
  const known = fresh && applicationOrFault(fresh).application;
  const same = known?.operation && isDeepStrictEqual(known.status?.operationState, application.status?.operationState);
  if (!same) throw new Conflict(`${application.metadata.name}: another worker has gone on with its operation`);
}

/** What is said of a sync that would prune more than its project lets it. */
function overBudget({ target, own }: Standing, tasks: readonly SyncTask[], sync: SyncOperation): ApplicationCondition | undefined {
  const { application, project } = target;
  const pruned = tasks.filter((task) => isPruned(task, sync)).map(({ key }) => key);
  const objects = own.comparison.resources.filter(({ live, hook }) => live && !hook).length;
  return isOverBudget(project, pruned.length, objects) ? budgetWarning(application, project, pruned, objects) : undefined;
}
