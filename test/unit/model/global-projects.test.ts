// Global projects: whose lists a project takes, and what it is then (spec/project.md §3).
import { describe, expect, it } from 'vitest';
import { globalProjectsOf, withGlobalProjects } from '../../../lib/model/global-projects.ts';
import type { AppProject, ProjectSpec } from '../../../lib/model/project.ts';

function project(spec: ProjectSpec = {}, labels?: Readonly<Record<string, string>>): AppProject {
  return { apiVersion: 'argoproj.io/v1alpha1', kind: 'AppProject', metadata: { name: 'shop', ...(labels && { labels }) }, spec };
}

const secret = { group: '', kind: 'Secret' };
const role = { group: 'rbac.authorization.k8s.io', kind: 'ClusterRole' };
const night = { kind: 'deny', schedule: '0 22 * * *', duration: '8h' };

describe('a project takes of those whose selector its labels meet', () => {
  it.each([
    ['labelSelector: {matchLabels: {team: shop}}', { team: 'shop' }, true],
    ['labelSelector: {matchLabels: {team: shop}}', { team: 'other' }, false],
    ['labelSelector: {matchLabels: {team: shop, tier: gold}}', { team: 'shop' }, false],
    ['labelSelector: {matchExpressions: [{key: opt, operator: In, values: [a, b]}]}', { opt: 'b' }, true],
    ['labelSelector: {matchExpressions: [{key: opt, operator: In, values: [a, b]}]}', {}, false],
    ['labelSelector: {matchExpressions: [{key: opt, operator: In, values: [""]}]}', {}, false],
    ['labelSelector: {matchExpressions: [{key: opt, operator: NotIn, values: [a]}]}', { opt: 'b' }, true],
    ['labelSelector: {matchExpressions: [{key: opt, operator: NotIn, values: [a]}]}', {}, true],
    ['labelSelector: {matchExpressions: [{key: opt, operator: NotIn, values: [a]}]}', { opt: 'a' }, false],
    ['labelSelector: {matchExpressions: [{key: opt, operator: Exists}]}', { opt: '' }, true],
    ['labelSelector: {matchExpressions: [{key: opt, operator: Exists}]}', {}, false],
    ['labelSelector: {matchExpressions: [{key: opt, operator: DoesNotExist}]}', {}, true],
    ['labelSelector: {matchExpressions: [{key: opt, operator: DoesNotExist}]}', { opt: 'a' }, false],
    ['labelSelector: {}', undefined, true],
    ['', undefined, true],
  ])('%s, %j: %j', (selector, labels, taken) => {
    const setting = `- projectName: guard${selector ? `\n  ${selector}` : ''}`;
    expect(globalProjectsOf(setting, project({}, labels))).toEqual(taken ? ['guard'] : []);
  });

  it('in the order of the setting, and never of itself', () => {
    const setting = '[{projectName: b}, {projectName: shop}, {projectName: a}]';
    expect(globalProjectsOf(setting, project())).toEqual(['b', 'a']);
    for (const none of [undefined, '', '[]', '# nothing']) expect(globalProjectsOf(none, project())).toEqual([]);
  });

  it.each(['guard', '[{labelSelector: {}}]', '[{projectName: x, labelSelector: {matchExpressions: [{key: a, operator: Like}]}}]', '[{'])(
    'and is refused where %s stands there',
    (setting) => {
      expect(() => globalProjectsOf(setting, project())).toThrow(/argocd-cm: globalProjects/);
    },
  );
});

describe('a project with global ones', () => {
  it('has their lists after its own, and nothing else of them', () => {
    const own = { description: 'own', sourceRepos: ['a'], namespaceResourceBlacklist: [role], orphanedResources: { warn: true } };
    const guard = {
      description: 'guard',
      sourceRepos: ['b'],
      namespaceResourceBlacklist: [secret],
      syncWindows: [night],
      sourceNamespaces: ['x'],
    };
    const more = { clusterResourceBlacklist: [role], destinations: [{ server: '*', namespace: 'x' }] };
    expect(withGlobalProjects(project(own), [project(guard), project(more)]).spec).toEqual({
      ...own,
      sourceRepos: ['a', 'b'],
      namespaceResourceBlacklist: [role, secret],
      clusterResourceBlacklist: [role],
      clusterResourceWhitelist: [],
      destinations: [{ server: '*', namespace: 'x' }],
      destinationServiceAccounts: [],
      syncWindows: [night],
    });
  });

  it('permits all namespaced kinds still where neither lists them, and only those that one lists', () => {
    expect(withGlobalProjects(project(), [project()]).spec).not.toHaveProperty('namespaceResourceWhitelist');
    expect(withGlobalProjects(project(), [project({ namespaceResourceWhitelist: [secret] })]).spec.namespaceResourceWhitelist).toEqual([
      secret,
    ]);
    expect(withGlobalProjects(project({ namespaceResourceWhitelist: [] }), [project()]).spec.namespaceResourceWhitelist).toEqual([]);
  });

  it('is the same where there are none', () => {
    const own = project();
    expect(withGlobalProjects(own, [])).toBe(own);
  });
});
