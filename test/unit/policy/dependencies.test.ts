// Which Applications another one waits for, and in which words.
import { describe, expect, test } from 'vitest';
import { DEPENDS_ON } from '../../../lib/model/annotations.ts';
import type { Application } from '../../../lib/model/application.ts';
import { dependenciesOf, dependencySeconds, dependencyVerdict } from '../../../lib/policy/dependencies.ts';

function application(name: string, dependsOn?: string, more: Partial<Application> = {}): Application {
  const annotations = dependsOn === undefined ? {} : { [DEPENDS_ON]: dependsOn };
  const status = { sync: { status: 'Synced', comparedTo: { destination: {} } }, health: { status: 'Healthy' } } as const;
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { name, namespace: 'argocd', annotations },
    spec: { project: 'default', destination: {} },
    status,
    ...more,
  };
}

const known = (...applications: readonly Application[]) => new Map(applications.map((each) => [each.metadata.name, each]));

function status(sync: 'Synced' | 'OutOfSync', health: 'Healthy' | 'Progressing'): Partial<Application> {
  return { status: { sync: { status: sync, comparedTo: { destination: {} } }, health: { status: health } } };
}

describe('the next look at those that are waited for', () => {
  test.each([
    [undefined, 15],
    ['2026-11-22T15:00:00Z', 15],
    ['2026-11-22T14:58:00Z', 30],
    ['2026-11-22T14:00:00Z', 120],
  ])('after waiting since %s is in %d seconds', (since, seconds) => {
    expect(dependencySeconds(since, Date.parse('2026-11-22T15:00:00Z'))).toBe(seconds);
  });
});

describe('an Application', () => {
  test('names those that it depends on once each', () => {
    expect(dependenciesOf(application('shop', ' db, cache,,db '))).toEqual(['db', 'cache']);
    expect(dependenciesOf(application('shop'))).toEqual([]);
  });

  test('is free when all of them are Synced and Healthy', () => {
    const shop = application('shop', 'db,cache');
    expect(dependencyVerdict(shop, known(application('db'), application('cache')))).toEqual({ kind: 'free' });
  });

  test.each([
    ['is not there', undefined, 'db (not found)'],
    ['is OutOfSync', application('db', undefined, status('OutOfSync', 'Healthy')), 'db (OutOfSync)'],
    ['is OutOfSync and not Healthy', application('db', undefined, status('OutOfSync', 'Progressing')), 'db (OutOfSync, Progressing)'],
    ['was never looked at', application('db', undefined, { status: undefined }), 'db (Unknown, Unknown)'],
    ['is syncing', application('db', undefined, { operation: { sync: {} } }), 'db (is syncing)'],
    [
      'is being deleted',
      application('db', undefined, { metadata: { name: 'db', namespace: 'argocd', deletionTimestamp: 'now' } }),
      'db (is being deleted)',
    ],
  ])('waits for one that %s', (_, db, says) => {
    expect(dependencyVerdict(application('shop', 'db'), new Map([['db', db]]))).toEqual({
      kind: 'blocked',
      message: `blocked by ${says}`,
    });
  });

  test('waits for all of them, and not for those of theirs', () => {
    const db = application('db', 'disk', status('OutOfSync', 'Healthy'));
    expect(
      dependencyVerdict(application('shop', 'db,cache'), known(db, application('disk', undefined, status('OutOfSync', 'Healthy')))),
    ).toEqual({
      kind: 'blocked',
      message: 'blocked by db (OutOfSync), cache (not found)',
    });
  });

  test.each([
    ['itself', [], 'shop', 'shop -> shop'],
    ['one that depends on it', [application('db', 'shop')], 'db', 'shop -> db -> shop'],
    [
      'a chain that leads back',
      [application('a'), application('db', 'a,disk'), application('disk', 'shop')],
      'a,db',
      'shop -> db -> disk -> shop',
    ],
  ])('that depends on %s is refused', (_, others, dependsOn, cycle) => {
    expect(dependencyVerdict(application('shop', dependsOn), known(...others))).toEqual({
      kind: 'cycle',
      message: `annotation evenkeel.dev/depends-on: ${cycle} is a cycle, in which nobody can be first`,
    });
  });

  test('is not refused for a cycle of others, which keeps them from being Synced', () => {
    const others = known(application('a', 'b', status('OutOfSync', 'Healthy')), application('b', 'a', status('OutOfSync', 'Healthy')));
    expect(dependencyVerdict(application('shop', 'a'), others).kind).toBe('blocked');
  });
});
