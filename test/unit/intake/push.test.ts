// Payload and Applications in, names of those enqueued out: the cases are folders in test/cases/intake.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { affectedApplications, repositoryPattern } from '../../../lib/intake/affected.ts';
import { parsePush, parseRevision } from '../../../lib/intake/push.ts';
import { touchesRefreshPaths } from '../../../lib/intake/refresh-paths.ts';
import type { LiveObject } from '../../../lib/model/manifest.ts';
import { decodeRequest, encodeRequest } from '../../../lib/model/request.ts';
import { casesOf } from '../../support/cases.ts';

const delivery = { provider: 'github', event: 'push', delivery: 'd-1' } as const;

function enqueued(payload: unknown, applications: readonly LiveObject[]) {
  const push = parsePush(delivery, payload);
  return push ? affectedApplications(push, applications, 1000).map(({ application }) => application.name) : 'no push';
}

describe('a push', () => {
  test.each(casesOf('intake'))('$name', ({ read, readAll, check }) => {
    check(enqueued(read('push.yaml'), readAll('applications.yaml') as LiveObject[])); // data of the case, odd on purpose
  });

  test('of a deleted branch has no list of changes', () => {
    const payload = { ref: 'refs/heads/x', deleted: true, repository: { html_url: 'https://h/r' }, commits: [] };
    expect(parsePush(delivery, payload)).toMatchObject({ revision: 'x', touchedHead: false });
    expect(parsePush(delivery, payload)).not.toHaveProperty('changedPaths');
  });

  test('with more commits than are listed has no list of changes', () => {
    const commit = { added: ['a'], modified: [], removed: [] };
    const paths = (commits: readonly unknown[], more = {}) =>
      parsePush(delivery, { ref: 'refs/heads/x', repository: { html_url: 'https://h/r' }, commits, ...more })?.changedPaths;
    expect(paths([commit])).toEqual(['a']);
    expect(paths(Array(2047).fill(commit))).toEqual(['a']);
    expect(paths(Array(2048).fill(commit))).toBeUndefined();
    expect(paths([commit], { size: 2 })).toBeUndefined();
    expect(paths([commit, { added: null, modified: [], removed: [] }])).toBeUndefined();
    expect(paths([{ added: [1], modified: [], removed: [] }])).toBeUndefined();
  });

  test('asks for each Application by delivery, so that a redelivery is the same event', () => {
    const application = {
      apiVersion: 'v1',
      kind: 'Application',
      metadata: { name: 'web', namespace: 'argocd' },
      spec: { source: { repoURL: 'https://h/r' } },
    };
    const push = parsePush(delivery, { ref: 'refs/heads/x', repository: { html_url: 'https://h/r', default_branch: 'x' } });
    const [request] = push ? affectedApplications(push, [application], 1000) : [];
    expect(request).toEqual({
      application: { namespace: 'argocd', name: 'web' },
      reason: 'push',
      at: 1000,
      event: 'd-1',
      correlation: 'd-1',
    });
  });
});

describe('whatever the payload', () => {
  const leaf = fc.oneof(fc.string(), fc.constantFrom('refs/heads/main', 'https://h/r', null, true, 7, []));
  const object = fc.dictionary(
    fc.constantFrom(
      'ref',
      'repository',
      'html_url',
      'default_branch',
      'commits',
      'added',
      'modified',
      'removed',
      'before',
      'after',
      'size',
      'created',
    ),
    fc.oneof(
      leaf,
      fc.array(fc.dictionary(fc.constantFrom('added', 'modified', 'removed'), fc.oneof(leaf, fc.array(leaf)))),
      fc.dictionary(fc.constantFrom('html_url', 'default_branch'), leaf),
    ),
  );

  test('there is an answer, and its requests are messages that can be read', () => {
    const application = {
      apiVersion: 'v1',
      kind: 'Application',
      metadata: { name: 'web', namespace: 'argocd' },
      spec: { source: { repoURL: 'https://h/r' } },
    };
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), object), fc.constantFrom('push', 'ping', 'issues'), fc.string(), (payload, event, id) => {
        const push = parsePush({ provider: 'github', event, delivery: id }, payload);
        expect(push === undefined || event === 'push').toBe(true);
        for (const request of push ? affectedApplications(push, [application], 1) : []) decodeRequest(encodeRequest(request));
      }),
      { numRuns: 500 },
    );
  });

  test('every Application is read without a fault', () => {
    const push = parsePush(delivery, {
      ref: 'refs/heads/x',
      repository: { html_url: 'https://h/r', default_branch: 'x' },
      commits: [{ added: ['a'], modified: [], removed: [] }],
    });
    if (!push) expect.fail('the payload is a push');
    const metadata = fc.record({
      name: fc.string(),
      namespace: fc.string(),
      annotations: fc.dictionary(
        fc.constantFrom('evenkeel.dev/closure', 'argocd.argoproj.io/manifest-generate-paths'),
        fc.oneof(fc.string(), fc.json()),
      ),
    });
    const source = fc.record({
      repoURL: fc.oneof(fc.constant('https://h/r'), fc.jsonValue()),
      targetRevision: fc.jsonValue(),
      path: fc.jsonValue(),
    });
    fc.assert(
      fc.property(metadata, fc.oneof(fc.jsonValue(), fc.record({ source }), fc.record({ sources: fc.array(source) })), (meta, spec) => {
        expect(affectedApplications(push, [{ apiVersion: 'v1', kind: 'Application', metadata: meta, spec }], 1).length).toBeLessThanOrEqual(
          1,
        );
      }),
    );
  });

  test('no repository URL makes matching slow', () => {
    const pattern = repositoryPattern('https://github.com/org/repo');
    const started = performance.now();
    for (const text of [
      'a'.repeat(100_000),
      `${'a.'.repeat(50_000)}@github.com:org/repo`,
      'https://'.repeat(10_000),
      `git@${'ssh.'.repeat(20_000)}`,
    ]) {
      expect(pattern?.test(text)).toBe(false);
    }
    expect(performance.now() - started).toBeLessThan(500);
  });
});

test.each([
  ['refs/heads/feature/x', 'feature/x'],
  ['refs/tags/v1', 'v1'],
  ['main', 'main'],
  ['a/b', 'b'],
  ['a/b/c/d', 'c/d'],
  ['', ''],
])('%j names %j', (ref, name) => {
  expect(parseRevision(ref)).toBe(name);
});

test.each([
  ['/a/[bc].yaml', 'a/b.yaml', true],
  ['/a/[^bc].yaml', 'a/b.yaml', false],
  ['/a/[^bc].yaml', 'a/d.yaml', true],
  ['/a/{b,c}.yaml', 'a/b.yaml', false],
  ['/a/{b,c}.yaml', 'a/{b,c}.yaml', true],
  ['/a/\\*.yaml', 'a/b.yaml', false],
  ['/**/x.yaml', 'a/b/x.yaml', false],
  ['/a/?.yaml', 'a/b.yaml', true],
])('the path %s takes in %s: %j', (path, file, expected) => {
  expect(touchesRefreshPaths([path], [file])).toBe(expected);
});
