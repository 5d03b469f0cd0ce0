// Applications as the API server returns them: what is refused is told with its path, and names are derived as Argo CD derives them.
import { describe, expect, test } from 'vitest';
import { instanceName, isMultiSource, parseApplication, qualifiedName, sourcesOf } from '../../../lib/model/application.ts';
import { InvalidInput } from '../../../lib/model/errors.ts';

const METADATA = { name: 'web', namespace: 'argocd' };
const URL = 'https://git.example/shop.git';

const object = (spec: unknown, metadata: unknown = METADATA) => ({
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Application',
  metadata,
  spec,
});

describe('an Application', () => {
  test('is taken as it is, unknown fields too', () => {
    const spec = {
      project: 'shop',
      source: { repoURL: URL, path: 'app', kustomize: { images: ['a=b'] }, later: true },
      destination: { server: 'https://kubernetes.default.svc', namespace: 'shop' },
      syncPolicy: { automated: { prune: true }, syncOptions: ['PruneLast=true'], retry: { limit: -1, backoff: { duration: '5s' } } },
      ignoreDifferences: [{ kind: 'Deployment', jsonPointers: ['/spec/replicas'] }],
      revisionHistoryLimit: 0,
    };
    const status = { sync: { status: 'Synced' }, reconciledAt: '2026-11-22T10:00:00Z' };
    expect(parseApplication({ ...object(spec), status })).toEqual({ ...object(spec), status });
  });

  test('may leave out or null whatever has a default', () => {
    const made = parseApplication(object({ destination: {}, syncPolicy: null, ignoreDifferences: null, revisionHistoryLimit: null }));
    expect(made.spec.project).toBe('');
    expect(parseApplication(object({ destination: {}, syncPolicy: { automated: null, syncOptions: null, retry: null } }))).toBeDefined();
  });

  test('that is wrong in several places hears of all of them', () => {
    const spec = {
      project: 5,
      source: { path: 'x' },
      sources: [{ repoURL: 1 }],
      syncPolicy: { syncOptions: 'Prune=false' },
      revisionHistoryLimit: 1.5,
    };
    let message = '';
    try {
      parseApplication(object(spec, { name: 'web' }));
    } catch (error) {
      expect(error).toBeInstanceOf(InvalidInput);
      message = String(error);
    }
    const paths = [
      'metadata.namespace',
      'spec.project',
      'spec.source.repoURL',
      'spec.sources.0.repoURL',
      'spec.destination',
      'spec.syncPolicy.syncOptions',
      'spec.revisionHistoryLimit',
    ];
    for (const path of paths) expect(message).toContain(`${path}: `);
  });

  test.each([undefined, null, 'text', 5, [], {}, { metadata: METADATA }])('is not %j', (other) => {
    expect(() => parseApplication(other)).toThrow(InvalidInput);
  });
});

type Sourced = Parameters<typeof sourcesOf>[0];

describe('sources', () => {
  const one = { repoURL: URL };
  test.each([
    [{}, [], false],
    [{ source: one }, [one], false],
    [{ source: one, sources: [] }, [one], false],
    [{ source: one, sources: [{ repoURL: 'b' }] }, [{ repoURL: 'b' }], true],
    [{ sources: [one, one] }, [one, one], true],
  ] satisfies readonly (readonly [Sourced, readonly unknown[], boolean])[])(
    'of %j are %j; several: %j',
    (spec: Sourced, sources, multiple) => {
      expect(sourcesOf(spec)).toEqual(sources);
      expect(isMultiSource(spec)).toBe(multiple);
    },
  );
});

test.each([
  ['argocd', 'web'],
  ['', 'web'],
  ['team', 'team_web'],
])('in namespace %j the instance is called %s', (namespace, instance) => {
  expect(instanceName({ namespace, name: 'web' }, 'argocd')).toBe(instance);
});

test('a queue knows an Application by namespace and name', () => {
  expect(qualifiedName({ namespace: 'argocd', name: 'web' })).toBe('argocd/web');
});
