// What is wrong with an Application before anything is rendered: the messages of spec/application.md §3.
import { describe, expect, test } from 'vitest';
import type { Application, ApplicationSpec } from '../../../lib/model/application.ts';
import type { ResolvedDestination } from '../../../lib/model/destination.ts';
import type { Operation } from '../../../lib/model/operation.ts';
import type { AppProject, ProjectSpec } from '../../../lib/model/project.ts';
import { operationRefusal, projectName, specConditions } from '../../../lib/policy/spec.ts';

const URL = 'https://git.example/shop.git';
const DESTINATION: ResolvedDestination = { server: 'https://kubernetes.default.svc', clusterName: 'in-cluster', namespace: 'shop' };
const OPEN: ProjectSpec = { sourceRepos: ['*'], destinations: [{ server: '*', namespace: '*' }] };

function application(spec: Partial<ApplicationSpec>, namespace = 'argocd'): Application {
  const full = { project: 'shop', source: { repoURL: URL, path: 'app' }, destination: { server: DESTINATION.server, namespace: 'shop' } };
  return { apiVersion: 'argoproj.io/v1alpha1', kind: 'Application', metadata: { name: 'web', namespace }, spec: { ...full, ...spec } };
}

function project(spec: ProjectSpec = OPEN): AppProject {
  return { apiVersion: 'argoproj.io/v1alpha1', kind: 'AppProject', metadata: { name: 'shop' }, spec };
}

function messages(made: Application, of = project(), destination: Parameters<typeof specConditions>[2] = DESTINATION): readonly string[] {
  return specConditions(made, of, destination, 'argocd').map(({ type, message }) => `${type}: ${message}`);
}

const INCOMPLETE = 'InvalidSpecError: spec.source.repoURL and either spec.source.path or spec.source.chart are required';
const UNPINNED = 'InvalidSpecError: spec.source.targetRevision is required if the manifest source is a helm chart';
const multiple = (dump: unknown) =>
  `InvalidSpecError: spec.source.repoURL and either source.path, source.chart, or source.ref are required for source ${JSON.stringify(dump)}`;

describe('an Application', () => {
  const sound: readonly (readonly [string, Partial<ApplicationSpec>])[] = [
    ['with a path', {}],
    ['with a pinned chart', { source: { repoURL: URL, chart: 'shop', targetRevision: '1.x' } }],
    [
      'with sources, one of which is only referred to',
      {
        sources: [
          { repoURL: URL, path: 'a' },
          { repoURL: URL, ref: 'values' },
        ],
      },
    ],
    ['with sources beside an incomplete source', { source: { repoURL: '' }, sources: [{ repoURL: URL, path: 'a' }] }],
  ];
  test.each(sound)('%s may go on', (_, spec) => {
    expect(messages(application(spec))).toEqual([]);
  });

  const incomplete: readonly (readonly [string, Partial<ApplicationSpec>, string])[] = [
    ['without a source', { source: undefined }, INCOMPLETE],
    ['without a repository', { source: { repoURL: '', path: 'app' } }, INCOMPLETE],
    ['with neither path nor chart', { source: { repoURL: URL } }, INCOMPLETE],
    ['whose only source is a reference', { source: { repoURL: URL, ref: 'values' } }, INCOMPLETE],
    ['with one incomplete source of several', { sources: [{ repoURL: URL, path: 'a' }, { repoURL: URL }] }, multiple({ repoURL: URL })],
    ['with a chart of any version', { source: { repoURL: URL, chart: 'shop' } }, UNPINNED],
    [
      'with an unpinned chart among its sources',
      {
        sources: [
          { repoURL: URL, path: 'a' },
          { repoURL: URL, chart: 'c' },
        ],
      },
      UNPINNED,
    ],
  ];
  test.each(incomplete)('%s is told so, and nothing else', (_, spec, message) => {
    expect(messages(application(spec), project({}))).toEqual([message]);
  });

  test('of a project that is not there is told so, and nothing else', () => {
    const made = application({ source: undefined });
    const [condition, ...others] = specConditions(made, undefined, { error: 'nowhere' }, 'argocd');
    expect(condition).toEqual({ type: 'InvalidSpecError', message: 'Application referencing project shop which does not exist' });
    expect(others).toEqual([]);
  });

  test('outside the control namespace may not use the project', () => {
    expect(messages(application({}, 'team'))).toEqual([
      "UnknownError: application 'web' in namespace 'team' is not permitted to use project 'shop'",
    ]);
  });

  test('hears of every refused repository and of its destination at once', () => {
    const sources = [
      { repoURL: 'https://a.example/x', path: 'a' },
      { repoURL: URL, path: 'b' },
      { repoURL: 'https://b.example/y', ref: 'v' },
    ];
    expect(messages(application({ sources }), project({ sourceRepos: [URL] }))).toEqual([
      "InvalidSpecError: application repo https://a.example/x is not permitted in project 'shop'",
      "InvalidSpecError: application repo https://b.example/y is not permitted in project 'shop'",
      "InvalidSpecError: application destination server 'https://kubernetes.default.svc' and namespace 'shop' do not match any of the allowed destinations in project 'shop'",
    ]);
  });

  test('that names its cluster sees that name in the refusal', () => {
    const made = application({ destination: { name: 'in-cluster', namespace: 'shop' } });
    expect(messages(made, project({ sourceRepos: ['*'] }))).toEqual([
      "InvalidSpecError: application destination server 'in-cluster' and namespace 'shop' do not match any of the allowed destinations in project 'shop'",
    ]);
  });

  test('whose destination does not resolve sees why', () => {
    expect(messages(application({}), project(), { error: 'there are no clusters with this name: nowhere' })).toEqual([
      'InvalidSpecError: there are no clusters with this name: nowhere',
    ]);
  });

  test('without a project belongs to the default one', () => {
    expect(projectName(application({ project: '' }))).toBe('default');
    expect(projectName(application({}))).toBe('shop');
  });
});

describe('an operation', () => {
  test('that says nothing of a sync is refused, and one that brings manifests along', () => {
    const none = 'Invalid operation request: no operation specified';
    expect(operationRefusal({}, project())).toBe(none);
    expect(operationRefusal({ sync: null } as unknown as Operation, project())).toBe(none); // as the API server may hold it
    expect(operationRefusal({ sync: {} }, project())).toBeUndefined();
    expect(operationRefusal({ sync: { manifests: ['{}'] } }, project())).toBe(
      'operation.sync.manifests is not supported: push the manifests to Git',
    );
  });
});
