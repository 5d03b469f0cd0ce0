// The change feed as rules: who is woken by what, and who sleeps on.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CLOSURE, NOTIFIED, REFRESH, REFRESH_TIMESTAMP, TRACKING_ID } from '../../../lib/model/annotations.ts';
import type { LiveObject, ObjectMeta } from '../../../lib/model/manifest.ts';
import { DEFAULT_TRACKING } from '../../../lib/model/tracking.ts';
import type { WatchEvent } from '../../../lib/model/watch.ts';
import {
  applicationsChanged,
  attention,
  dueAfter,
  dueNow,
  EMPTY_FEED,
  type FeedState,
  known,
  ownersOf,
  watchedKinds,
} from '../../../lib/reconcile/feed.ts';

const CONTROL = 'argocd';
const NAMING = { controlNamespace: CONTROL, tracking: DEFAULT_TRACKING };
const RESYNC = 180;
const NOW = Date.parse('2026-11-22T12:00:00Z') / 1000;
const at = (seconds: number) => new Date((NOW + seconds) * 1000).toISOString();

interface Made {
  readonly metadata?: Partial<ObjectMeta>;
  readonly spec?: unknown;
  readonly status?: unknown;
  readonly operation?: unknown;
}

function application(
  name: string,
  { metadata, spec = { project: 'default' }, status = { reconciledAt: at(-60) }, operation }: Made = {},
): LiveObject {
  const meta = { name, namespace: CONTROL, resourceVersion: '7', ...metadata };
  return { apiVersion: 'argoproj.io/v1alpha1', kind: 'Application', metadata: meta, spec, status, ...(operation ? { operation } : {}) };
}

function feedOf(...applications: readonly LiveObject[]): FeedState {
  const entries = applications.map(
    (object) => [`${object.metadata.namespace}/${object.metadata.name}`, known(object, NOW, RESYNC)] as const,
  );
  return { ...EMPTY_FEED, applications: Object.fromEntries(entries) };
}

const changed = (state: FeedState, object: LiveObject, type: WatchEvent['type'] = 'MODIFIED') =>
  applicationsChanged(state, [{ type, object }], NAMING, NOW, RESYNC);

const woken = (state: FeedState, object: LiveObject, type?: WatchEvent['type']) =>
  changed(state, object, type).wakes.map(({ application: name, reason }) => `${name} ${reason}`);

const tracked = (parent: string, annotations: Readonly<Record<string, string>> = {}) => ({
  annotations: { [TRACKING_ID]: `${parent}:argoproj.io/Application:argocd/child`, ...annotations },
});

describe('the reason to look at an Application', () => {
  const reasons: readonly (readonly [string, Made, string | undefined])[] = [
    ['when nothing is asked for', {}, undefined],
    ['when an operation is asked for', { operation: { sync: {} } }, 'operation'],
    [
      'when an operation follows a finished one',
      { operation: { sync: {} }, status: { operationState: { phase: 'Succeeded' }, reconciledAt: at(0) } },
      'operation',
    ],
    [
      'when its operation is to stop',
      { operation: { sync: {} }, status: { operationState: { phase: 'Terminating' }, reconciledAt: at(0) } },
      'operation',
    ],
    [
      'while its operation runs',
      { operation: { sync: {} }, status: { operationState: { phase: 'Running' }, reconciledAt: at(0) } },
      undefined,
    ],
    ['when a refresh is asked for', { metadata: { annotations: { [REFRESH]: 'normal' } } }, 'spec'],
    [
      'when it is to be deleted',
      { metadata: { deletionTimestamp: at(0), finalizers: ['resources-finalizer.argocd.argoproj.io'] } },
      'spec',
    ],
    ['when nothing holds it back from going', { metadata: { deletionTimestamp: at(0), finalizers: [] } }, undefined],
    ['when nobody has looked yet', { status: {} }, 'spec'],
  ];
  test.each(reasons.map(([when, made, reason = 'none']) => ({ when, made, reason })))('$when is $reason', ({ made, reason }) => {
    expect(attention(application('web', made), known(application('web', made), NOW, RESYNC)) ?? 'none').toBe(reason);
  });

  const changes: readonly (readonly [string, Made])[] = [
    ['its spec', { spec: { project: 'other' } }],
    ['a label', { metadata: { labels: { team: 'a' } } }],
    ['a finalizer', { metadata: { finalizers: ['x'] } }],
    ['an annotation', { metadata: { annotations: { 'argocd.argoproj.io/skip-reconcile': 'true' } } }],
  ];
  test.each(changes)('is spec when %s has changed', (_, made) => {
    expect(attention(application('web', made), known(application('web'), NOW, RESYNC))).toBe('spec');
  });

  test('is none when a change is known already', () => {
    const object = application('web', { spec: { project: 'other' } });
    const state = changed(feedOf(application('web')), object).state;
    expect(woken(state, object)).toEqual([]);
  });
});

describe('a write of our own', () => {
  const before = application('child', { metadata: tracked('root', { [REFRESH_TIMESTAMP]: 'a' }) });

  test('wakes nobody', () => {
    const annotations = { [CLOSURE]: '{"sources":[]}', [NOTIFIED]: '{}' };
    const after = application('child', {
      metadata: { ...tracked('root', annotations), resourceVersion: '8' },
      status: { reconciledAt: at(0), sync: {} },
    });
    expect(woken(feedOf(application('root'), before), after)).toEqual([]);
  });

  test('puts off the next look, and a write that asks for nothing never brings it forward', () => {
    const dueOf = (state: FeedState) => state.applications['argocd/child']?.due ?? 0;
    const state = feedOf(before);
    const looked = changed(state, application('child', { metadata: tracked('root'), status: { reconciledAt: at(30) } })).state;
    expect(dueOf(looked)).toBeGreaterThanOrEqual(NOW + 30 + RESYNC);
    const older = changed(looked, application('child', { metadata: tracked('root'), status: { reconciledAt: at(-9999) } })).state;
    expect(dueOf(older)).toBe(dueOf(looked));
  });

  test('of others does not put off the look of an Application that has been still for long', () => {
    const still = application('web', { status: { reconciledAt: at(-9999) } });
    const state = feedOf(still);
    const later = applicationsChanged(state, [{ type: 'MODIFIED', object: still }], NAMING, NOW + 50, RESYNC).state;
    expect(later.applications['argocd/web']?.due).toBe(state.applications['argocd/web']?.due);
  });
});

describe('whoever deploys an Application', () => {
  const root = application('root');
  const child = application('child', { metadata: tracked('root') });
  const drifted = application('child', { metadata: tracked('root'), spec: { project: 'other' } });

  test('is woken with it when its spec changed', () => {
    expect(woken(feedOf(root, child), drifted)).toEqual(['argocd/child spec', 'argocd/root drift']);
  });

  test('is woken when it is new, is going, or is gone', () => {
    expect(woken(feedOf(root), child, 'ADDED')).toEqual(['argocd/root drift']);
    const going = application('child', { metadata: { ...tracked('root'), deletionTimestamp: at(0) } });
    expect(woken(feedOf(root, child), going)).toEqual(['argocd/root drift']);
    expect(woken(feedOf(root, child), child, 'DELETED')).toEqual(['argocd/root drift']);
  });

  test('is woken only if there is one', () => {
    expect(woken(feedOf(child), drifted)).toEqual(['argocd/child spec']);
  });

  test('an Application that is gone is forgotten, and not woken', () => {
    const { state, wakes } = changed(feedOf(child), application('child', { operation: { sync: {} } }), 'DELETED');
    expect(wakes).toEqual([]);
    expect(state.applications).toEqual({});
  });
});

describe('the owner of a changed object', () => {
  const object = (id: string | undefined, metadata: Partial<ObjectMeta> = {}): LiveObject => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'a', namespace: 'shop', ...(id === undefined ? {} : { annotations: { [TRACKING_ID]: id } }), ...metadata },
  });
  const owners = (...objects: readonly LiveObject[]) => ownersOf(objects, NAMING, '9').map(({ application: name }) => name);

  test.each([
    ['web:/ConfigMap:shop/a', ['argocd/web']],
    ['team_web:/ConfigMap:shop/a', ['team/web']],
    ['web', []],
    ['', []],
    [undefined, []],
    ['argocd_web:/ConfigMap:shop/a', []],
    ['_web:/ConfigMap:shop/a', []],
  ])('with tracking id %j is %j', (id, names) => {
    expect(owners(object(id))).toEqual(names);
  });

  test('is asked for once, with the event that told', () => {
    const two = [object('web:/ConfigMap:shop/a'), object('web:/ConfigMap:shop/b'), object('api:/ConfigMap:shop/c')];
    expect(ownersOf(two, NAMING, '9')).toEqual([
      { application: 'argocd/web', reason: 'drift', event: '9' },
      { application: 'argocd/api', reason: 'drift', event: '9' },
    ]);
  });

  test('is read from the label where labels track', () => {
    const naming = { ...NAMING, tracking: { ...DEFAULT_TRACKING, method: 'label' as const } };
    const labelled = object('api:/ConfigMap:shop/a', { labels: { 'app.kubernetes.io/instance': 'web' } });
    expect(ownersOf([labelled, object('api:/ConfigMap:shop/a')], naming, '9')).toEqual([
      { application: 'argocd/web', reason: 'drift', event: '9' },
    ]);
  });

  test('is not the Application when the object belongs to another object', () => {
    const ownerReferences = [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web', uid: '1' }];
    expect(owners(object('web:/ConfigMap:shop/a', { ownerReferences }))).toEqual([]);
    expect(owners(object('web:/ConfigMap:shop/a', { ownerReferences: [] }))).toEqual(['argocd/web']);
  });
});

describe('the slow look', () => {
  test('comes after the resync, spread over at most a minute, and over a third of a short one', () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(), fc.integer({ min: 3, max: 3600 }), (name, now, resync) => {
        const wait = dueAfter(name, now, resync) - now;
        expect(wait).toBeGreaterThanOrEqual(resync);
        expect(wait).toBeLessThanOrEqual(resync + Math.min(60, resync / 3));
      }),
    );
  });

  test('is spread: a hundred Applications do not come in the same ten seconds', () => {
    const dues = Array.from({ length: 100 }, (_, index) => dueAfter(`argocd/app-${index}`, NOW, RESYNC));
    const perTen = Map.groupBy(dues, (due) => Math.floor(due / 10));
    expect(perTen.size).toBeGreaterThanOrEqual(6);
    expect(Math.max(...[...perTen.values()].map(({ length }) => length))).toBeLessThan(40);
  });

  test('wakes who is due, once, with an event of its own', () => {
    const state: FeedState = {
      ...EMPTY_FEED,
      applications: { 'a/due': { due: NOW, spec: '', kinds: [] }, 'a/not': { due: NOW + 1, spec: '', kinds: [] } },
    };
    const { state: next, wakes } = dueNow(state, NOW, RESYNC);
    expect(wakes).toEqual([{ application: 'a/due', reason: 'sweep', event: `due ${NOW}` }]);
    expect(next.applications['a/not']).toBe(state.applications['a/not']);
    expect(next.applications['a/due']?.due).toBeGreaterThanOrEqual(NOW + RESYNC);
    expect(dueNow(next, NOW, RESYNC)).toEqual({ state: next, wakes: [] });
  });

  test('after a lost checkpoint counts from the last look, and what has been still for long is spread over a minute', () => {
    const fresh = known(application('web', { status: { reconciledAt: at(-10) } }), NOW, RESYNC).due;
    expect(fresh).toBe(dueAfter('argocd/web', NOW - 10, RESYNC));
    const names = Array.from({ length: 50 }, (_, index) => `app-${index}`);
    const dues = names.map((name) => known(application(name, { status: { reconciledAt: at(-86_400) } }), NOW, RESYNC).due);
    for (const due of dues) expect(due).toBeGreaterThanOrEqual(NOW);
    expect(Math.max(...dues)).toBeLessThanOrEqual(NOW + 60);
    expect(new Set(dues).size).toBeGreaterThan(20);
  });

  test('after a lost checkpoint is all that wakes an Application that asks for nothing', () => {
    const objects = [application('root'), application('child', { metadata: tracked('root') })];
    const state = feedOf(...objects);
    expect(objects.flatMap((object) => woken(state, object))).toEqual([]);
  });

  test.each([undefined, 'not a time', 5])('takes a last look of %j for none', (reconciledAt) => {
    const { due } = known(application('web', { status: { reconciledAt } }), NOW, RESYNC);
    expect(due).toBeGreaterThanOrEqual(NOW);
    expect(due).toBeLessThanOrEqual(NOW + 60);
  });
});

describe('the kinds that are watched', () => {
  const none = () => false;
  const resources = [
    { group: 'apps', version: 'v1', kind: 'Deployment' },
    { version: 'v1', kind: 'ConfigMap' },
    { version: 'v1', kind: 'ConfigMap' },
    { group: 'argoproj.io', version: 'v1alpha1', kind: 'Application' },
  ];

  test('are those that any Application has, each once; Applications have a watch of their own', () => {
    const one = application('one', { status: { reconciledAt: at(0), resources } });
    const two = application('two', { status: { reconciledAt: at(0), resources: resources.slice(1, 2) } });
    expect(watchedKinds(feedOf(one, two), none)).toEqual(['/v1/ConfigMap', 'apps/v1/Deployment']);
    expect(watchedKinds(EMPTY_FEED, none)).toEqual([]);
  });

  test('are not those that are left alone, nor Endpoints', () => {
    const rows = [...resources, { version: 'v1', kind: 'Endpoints' }, { group: 'x.example', version: 'v1', kind: 'Endpoints' }];
    const excludes = ({ group, kind }: { group: string; kind: string }) => group === 'apps' && kind === 'Deployment';
    const state = feedOf(application('one', { status: { reconciledAt: at(0), resources: rows } }));
    expect(watchedKinds(state, excludes)).toEqual(['/v1/ConfigMap', 'x.example/v1/Endpoints']);
  });

  test.each([undefined, null, 'text', [null, 5]])('are none of rows like %j', (rows) => {
    expect(watchedKinds(feedOf(application('odd', { status: { resources: rows } })), none)).toEqual([]);
  });
});
