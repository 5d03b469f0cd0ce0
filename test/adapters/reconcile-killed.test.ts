// A sync whose worker is lost at any of its requests, again and again, or whose API server answers with errors, ends as one that nothing
// happened to: the same live objects, the same status but for times, each hook run once. On the real control plane, with generated plans.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { Conflict, Unavailable } from '../../lib/model/errors.ts';
import { isHeld } from '../../lib/model/hook.ts';
import { isRecord, type LiveObject } from '../../lib/model/manifest.ts';
import { isCompleted } from '../../lib/model/operation.ts';
import { type Fate, type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts';
import { configMap } from '../support/journey.ts';
import { dyingAt } from '../support/lost-worker.ts';
import { type Deployment, hookJob, type Stories, startStories } from '../support/stories.ts';
import { eventually, world } from '../world/world.ts';

const RUNS = Number(process.env['EVENKEEL_RESUME_RUNS'] ?? 20);
const LOOKS = 200;

/** Plans wait more than they work: so many are under way at a time, each with a proxy that fails for it alone. */
const LANES = 4;

interface Stage {
  readonly proxy: FaultProxy;
  readonly calm: Stories;
  readonly shaken: Stories;
}

let stages: readonly Stage[];

beforeAll(async () => {
  stages = await Promise.all(Array.from({ length: LANES + 1 }, startStage));
});

async function startStage(): Promise<Stage> {
  const proxy = await startFaultProxy(world());
  const [calm, shaken] = await Promise.all([startStories(), startStories({ through: proxy.url })]);
  return { proxy, calm, shaken };
}

afterAll(async () => {
  await Promise.all(stages.flatMap(({ calm, shaken }) => [calm.close(), shaken.close()]));
  await Promise.all(stages.map(({ proxy }) => proxy.close()));
});

type Files = Readonly<Record<string, object | undefined>>;

interface Plan {
  /** What is deployed before, and what the sync that counts finds in Git. */
  readonly before: Files;
  readonly after: Files;
  readonly sync: object;
}

const SYNC_WAVE = 'argocd.argoproj.io/sync-wave';
const wave = fc.integer({ min: -1, max: 2 });

function settings(name: string, at: number, options: string, value: string): object {
  const { metadata, ...rest } = configMap(name, { value }) as { readonly metadata: object }; // it has a name
  return { ...rest, metadata: { ...metadata, annotations: { [SYNC_WAVE]: `${at}`, 'argocd.argoproj.io/sync-options': options } } };
}

const resource = fc
  .record({ at: wave, there: fc.constantFrom('no', 'same', 'other') })
  .map(({ at, there }) => (name: string): Pick<Plan, 'before' | 'after'> => {
    const [before, after] = [settings(name, at, '', there === 'same' ? 'new' : 'old'), settings(name, at, '', 'new')];
    return { before: there === 'no' ? {} : { [`${name}.json`]: before }, after: { [`${name}.json`]: after } };
  });

const extra = fc
  .record({ at: wave, options: fc.constantFrom('', '', 'Prune=false', 'PruneLast=true') })
  .map(({ at, options }) => (name: string): Pick<Plan, 'before' | 'after'> => {
    return { before: { [`${name}.json`]: settings(name, at, options, 'old') }, after: { [`${name}.json`]: undefined } };
  });

const hook = fc
  .record({
    phase: fc.constantFrom('PreSync', 'Sync', 'PostSync', 'SyncFail'),
    policies: fc.subarray(['BeforeHookCreation', 'HookSucceeded', 'HookFailed']),
    at: wave,
    old: fc.boolean(),
    brief: fc.boolean(),
  })
  .map(({ phase, policies, at, old, brief }) => (name: string): Pick<Plan, 'before' | 'after'> => {
    const annotations = { 'argocd.argoproj.io/hook-delete-policy': policies.join(), [SYNC_WAVE]: `${at}` };
    const whole = hookJob(name, phase, '0s', annotations) as { readonly spec: object }; // a Job has one
    // One that is only applied anew is another run when its TTL is faster, so that time counts.
    const isNew = policies.length === 0 || policies.includes('BeforeHookCreation');
    const job = { [`${name}.json`]: brief && isNew ? { ...whole, spec: { ...whole.spec, ttlSecondsAfterFinished: 0 } } : whole };
    return { before: old ? job : {}, after: job };
  });

/** What the API server refuses, so that the sync fails. */
const broken = fc.record({ at: wave }).map(({ at }) => (name: string): Pick<Plan, 'before' | 'after'> => {
  const metadata = { name, annotations: { [SYNC_WAVE]: `${at}` } };
  return { before: {}, after: { [`${name}.json`]: { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { 'not/a/key': '1' } } } };
});

const part = fc.oneof(
  { weight: 6, arbitrary: resource },
  { weight: 4, arbitrary: hook },
  { weight: 4, arbitrary: extra },
  { weight: 1, arbitrary: broken },
);

/** What is deleted in the foreground goes when the garbage collector comes round to it, sooner for the one and later for the other. */
const AT_ONCE = 'PrunePropagationPolicy=background';

const plan: fc.Arbitrary<Plan> = fc
  .record({
    parts: fc.array(part, { minLength: 2, maxLength: 6 }),
    prune: fc.integer({ min: 0, max: 3 }).map((n) => n > 0),
    syncOptions: fc.subarray(['PruneLast=true', 'ApplyOutOfSyncOnly=true']),
  })
  .map(({ parts, prune, syncOptions }) => {
    const made = parts.map((make, index) => make(`part-${index}`));
    const merged = (side: 'before' | 'after') => Object.assign({}, ...made.map((one) => one[side])) as Files; // files of all parts
    return {
      before: { ...merged('before'), 'kept.json': configMap('kept', {}) },
      after: merged('after'),
      sync: { prune, syncOptions: [...syncOptions, AT_ONCE] },
    };
  });

const kills = fc.array(fc.record({ at: fc.integer({ min: 1, max: 12 }), how: fc.constantFrom('lost', 'unanswered') }), {
  minLength: 2,
  maxLength: 5,
});

async function prepared(stories: Stories, { before, after }: Plan): Promise<Deployment> {
  const project = { spec: { project: 'default' } };
  const shop = await stories.deployment(before as Readonly<Record<string, object>>, { ...project.spec, revisionHistoryLimit: 5 });
  await drive(shop, { prune: true, syncOptions: [AT_ONCE] }, CALM);
  await shop.commit(after);
  return shop;
}

/** What happens around each look. */
interface Weather {
  readonly before: () => void;
  readonly after: () => void;
}

const CALM: Weather = { before: () => undefined, after: () => undefined };

/** Asks for a sync and looks until it is over. */
async function drive(shop: Deployment, sync: object, weather: Weather): Promise<void> {
  await shop.change({ operation: { sync }, status: { operationState: null } });
  for (let looks = 0; looks < LOOKS; looks += 1) {
    weather.before();
    const ended = await shop.look('continue').catch(passing);
    weather.after();
    const { operation, status } = await shop.read();
    if (!operation && status?.operationState && isCompleted(status.operationState.phase) && ended !== 'failed') return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`still running: ${JSON.stringify((await shop.read()).status?.operationState)}`);
}

/** The queue brings such a message back; any other error is a defect. */
function passing(thrown: unknown): 'failed' {
  if (thrown instanceof Unavailable || thrown instanceof Conflict) return 'failed';
  throw thrown;
}

const KINDS = [
  { group: '', version: 'v1', kind: 'ConfigMap' },
  { group: 'batch', version: 'v1', kind: 'Job' },
];

function isBrief({ spec }: LiveObject): boolean {
  return isRecord(spec) && spec['ttlSecondsAfterFinished'] === 0;
}

/**
 * What there is of the plan's objects, once what was pruned is gone. Jobs that are leaving take longer, and count as gone, as do those that
 * their TTL lets go some time; no hook is held.
 */
function atRest(stories: Stories, shop: Deployment): Promise<readonly LiveObject[]> {
  return eventually(async () => {
    const lists = await Promise.all(KINDS.map((kind) => stories.cluster.list(kind, { namespace: shop.namespace })));
    const objects = lists.flatMap(({ items }) => items.filter(({ metadata }) => metadata.name?.startsWith('part-')));
    const leaving = objects.filter(({ metadata }) => metadata.deletionTimestamp);
    expect(leaving.filter(({ kind }) => kind !== 'Job')).toEqual([]);
    expect(objects.filter(isHeld)).toEqual([]);
    return objects.filter((object) => !leaving.includes(object) && !isBrief(object));
  });
}

/** Everything of an end that does not depend on names and times. */
async function outcome(stories: Stories, shop: Deployment, run: () => Promise<void>): Promise<unknown> {
  const job = { group: 'batch', version: 'v1', kind: 'Job' };
  const options = { namespace: shop.namespace, metadataOnly: true };
  const { resourceVersion } = await stories.cluster.list(job, options);
  await run();
  const live = await atRest(stories, shop);
  await shop.look();
  const { events } = await stories.cluster.drain(job, { ...options, resourceVersion, idleMs: 600, maxMs: 10_000 });
  const runs = events.filter(({ type }) => type === 'ADDED').map(({ object }) => object.metadata.name);
  const objects = live.map(({ kind, metadata, data }) => ({ kind, name: metadata.name, data }));
  const { status } = await shop.read();
  const state = status?.operationState;
  const rows = (state?.syncResult?.resources ?? []).map((row) => JSON.stringify(row)).sort();
  const { phase, message, operation } = state ?? {};
  const { sync, health, resources, conditions, history } = status ?? {};
  const told = {
    phase,
    message,
    operation,
    rows,
    sync,
    health,
    resources: resources?.filter(({ hook }) => !hook),
    conditions,
    history: history?.length,
  };
  const text = JSON.stringify({ told, objects, runs: runs.sort() });
  return JSON.parse(
    text
      .replaceAll(shop.namespace, 'NAMESPACE')
      .replaceAll(shop.name, 'NAME')
      .replaceAll(stories.remote.url, 'REPOSITORY')
      .replaceAll(/[0-9a-f]{40}/g, 'COMMIT')
      .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, 'TIME'),
  );
}

/** The same plan where nothing happens, and where `judge` says what happens in the next look. */
async function both(made: Plan, { proxy, calm, shaken }: Stage, judge: () => () => Fate): Promise<readonly [unknown, unknown]> {
  const [quiet, hit] = await Promise.all([prepared(calm, made), prepared(shaken, made)]);
  const weather: Weather = { before: () => proxy.judge(judge()), after: () => proxy.judge(() => 'pass') };
  return Promise.all([
    outcome(calm, quiet, () => drive(quiet, made.sync, CALM)),
    outcome(shaken, hit, () => drive(hit, made.sync, weather)),
  ]);
}

function stageOf(lane: number): Stage {
  const stage = stages[lane];
  if (!stage) throw new Error(`there are ${stages.length} stages`);
  return stage;
}

const SHARE = Math.ceil(RUNS / LANES);
const lanes = Array.from({ length: LANES }, (_, lane) => lane);
let lost = 0;

describe('a sync', { timeout: RUNS * 60_000 + 60_000, concurrent: true }, () => {
  it.each(lanes)('ends the same when its worker is lost at any request, of this look and the next ones (%d)', async (lane) => {
    await fc.assert(
      fc.asyncProperty(plan, kills, async (made, planned) => {
        const left = [...planned];
        const judge = () =>
          dyingAt(left.shift(), () => {
            lost += 1;
          });
        const [undisturbed, disturbed] = await both(made, stageOf(lane), judge);
        expect(disturbed).toEqual(undisturbed);
      }),
      { numRuns: SHARE, endOnFailure: true },
    );
  });

  it('ends the same where one request in five goes wrong', async () => {
    const faults: readonly Fate[] = [409, 429, 500, 503, 'lost', 'unanswered', 'silent'];
    const draws = fc.infiniteStream(fc.record({ wrong: fc.integer({ min: 0, max: 4 }), fault: fc.constantFrom(...faults) }));
    await fc.assert(
      fc.asyncProperty(plan, draws, async (made, stream) => {
        const judge = (): Fate => {
          const { wrong, fault } = stream.next().value;
          return wrong === 0 ? fault : 'pass';
        };
        const [undisturbed, disturbed] = await both(made, stageOf(LANES), () => judge);
        expect(disturbed).toEqual(undisturbed);
      }),
      { numRuns: SHARE, endOnFailure: true },
    );
  });
});

test('workers were lost more often than in every second plan', () => {
  expect(lost).toBeGreaterThan(RUNS / 2);
});
