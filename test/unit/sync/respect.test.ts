// With RespectIgnoreDifferences the ignored fields are sent with the values that live has (spec/diff.md §13).
import { describe, expect, test } from 'vitest';
import type { ResourceIgnoreDifferences } from '../../../lib/model/application.ts';
import { keyOf, type Manifest } from '../../../lib/model/manifest.ts';
import { respectIgnored } from '../../../lib/sync/respect.ts';
import type { SyncTask } from '../../../lib/sync/task.ts';

const OPTION = ['RespectIgnoreDifferences=true'];
const metadata = { name: 'web', namespace: 'shop' };
const target: Manifest = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata,
  spec: { replicas: 1, ports: [{ port: 80 }, { port: 81 }] },
};
const live: Manifest = { ...target, spec: { replicas: 5, paused: true, ports: [{ port: 8080 }, { port: 8081 }], 'a/b': 1 } };

function task(side: Manifest | undefined): SyncTask {
  const common = {
    version: 'v1',
    phase: 'Sync',
    wave: 0,
    health: undefined,
    hook: false,
    settled: false,
    sent: false,
    result: undefined,
  } as const;
  return { key: keyOf(target), target, live: side, rowNamespace: 'shop', ...common };
}

const sent = (pointer: string, rule: Partial<ResourceIgnoreDifferences> = {}, side: Manifest | undefined = live) =>
  respectIgnored(task(side), OPTION, [{ group: 'apps', kind: 'Deployment', jsonPointers: [pointer], ...rule }])['spec'];

describe('what is ignored', () => {
  test('is sent as live has it', () => {
    expect(sent('/spec/replicas')).toEqual({ replicas: 5, ports: [{ port: 80 }, { port: 81 }] });
    expect(sent('/spec/ports/1/port')).toEqual({ replicas: 1, ports: [{ port: 80 }, { port: 8081 }] });
    expect(sent('/spec/a~1b')).toMatchObject({ replicas: 1, 'a/b': 1 });
  });

  test('is not sent when it is status', () => {
    const both = ['/status', '/status/replicas', '/spec/replicas'].map((pointer) => ({ group: '*', kind: '*', jsonPointers: [pointer] }));
    const withStatus = { ...target, status: { replicas: 1 } };
    const manifest = respectIgnored({ ...task({ ...live, status: { replicas: 5 } }), target: withStatus }, OPTION, both);
    expect([manifest['status'], manifest['spec']]).toMatchObject([{ replicas: 1 }, { replicas: 5 }]);
  });

  test('is not sent when live does not have it', () => {
    const { replicas: _replicas, ...rest } = { ...(live['spec'] as Record<string, unknown>) }; // the object above
    expect(sent('/spec/replicas', {}, { ...live, spec: rest })).toEqual({ ports: [{ port: 80 }, { port: 81 }] });
  });

  test('is what a rule for this very object says', () => {
    expect(sent('/spec/replicas', { group: '*' })).toMatchObject({ replicas: 5 });
    expect(sent('/spec/replicas', { name: 'web', namespace: 'shop' })).toMatchObject({ replicas: 5 });
    for (const rule of [{ group: '' }, { kind: 'StatefulSet' }, { name: 'other' }, { namespace: 'other' }]) {
      expect(sent('/spec/replicas', rule)).toEqual(target['spec']);
    }
  });

  test('is sent as Git has it without the option, and where nothing is live', () => {
    const rules = [{ group: 'apps', kind: 'Deployment', jsonPointers: ['/spec/replicas'] }];
    expect(respectIgnored(task(live), [], rules)).toBe(target);
    expect(respectIgnored(task(undefined), OPTION, rules)).toBe(target);
  });
});

describe('what a trusted manager set', () => {
  const fieldsV1 = {
    'f:spec': {
      'f:replicas': {},
      'f:paused': {},
      'f:template': { 'f:spec': { 'f:containers': { 'k:{"name":"web"}': { 'f:image': {} } } } },
    },
    'f:status': { 'f:replicas': {} },
  };
  const owned = { ...metadata, managedFields: [{ manager: 'scaler', operation: 'Update' as const, apiVersion: 'apps/v1', fieldsV1 }] };
  const pods = (...containers: readonly object[]) => ({ template: { spec: { containers } } });
  const wanted: Manifest = {
    ...target,
    spec: { replicas: 1, ...pods({ name: 'web', image: 'web:1', tty: true }) },
    status: { replicas: 1 },
  };
  const spec = { replicas: 5, paused: true, ...pods({ name: 'proxy', image: 'x' }, { name: 'web', image: 'web:2', tty: false }) };
  const now: Manifest = { ...target, metadata: owned, spec, status: { replicas: 5 } };
  const by = (...managers: readonly string[]) =>
    respectIgnored({ ...task(now), target: wanted }, OPTION, [{ group: 'apps', kind: 'Deployment', managedFieldsManagers: managers }]);

  test('is sent as live has it, where Git has it too', () => {
    const kept = { replicas: 5, ...pods({ name: 'web', image: 'web:2', tty: true }) };
    expect(by('scaler')).toEqual({ ...wanted, spec: kept });
  });

  test('is sent as Git has it when another one is trusted', () => {
    expect(by('other')).toEqual(wanted);
  });
});

describe('what jq takes away', () => {
  const by = (wanted: unknown, now: unknown, wantedRest: unknown, nowRest: unknown) => {
    const sides = { target: { ...target, spec: wanted }, live: { ...target, spec: now } };
    const edited = new Map([
      [sides.target, { ...target, spec: wantedRest }],
      [sides.live, { ...target, spec: nowRest }],
    ]);
    return respectIgnored({ ...task(sides.live), target: sides.target }, OPTION, [], edited)['spec'];
  };

  test('is sent as live has it, also inside of items', () => {
    expect(by({ a: 1, b: 2 }, { a: 9, b: 3 }, { b: 2 }, { b: 3 })).toEqual({ a: 9, b: 2 });
    expect(by({ list: [{ a: 1, b: 2 }] }, { list: [{ a: 9, b: 3 }] }, { list: [{ b: 2 }] }, { list: [{ b: 3 }] })).toEqual({
      list: [{ a: 9, b: 2 }],
    });
  });

  test('is not sent when live does not have it', () => {
    expect(by({ a: 1, b: 2 }, { b: 3 }, { b: 2 }, { b: 3 })).toEqual({ b: 2 });
  });

  test('as whole items comes after those of Git', () => {
    const [web, proxy] = [{ name: 'web' }, { name: 'proxy' }];
    expect(by({ list: [web] }, { list: [proxy, web] }, { list: [web] }, { list: [web] })).toEqual({ list: [web, proxy] });
  });
});
