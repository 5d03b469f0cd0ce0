// Protections of a project that are not there yet are refused by name instead of being passed over.
import { expect, it } from 'vitest';
import { parseProject } from '../../../lib/model/project.ts';
import { specConditions } from '../../../lib/policy/spec.ts';

const SERVER = 'https://kubernetes.default.svc';

function refusals(guardrails: object): readonly string[] {
  const open = { sourceRepos: ['*'], destinations: [{ server: '*', namespace: '*' }] };
  const project = parseProject({ metadata: { name: 'shop' }, spec: { ...open, ...guardrails } });
  const source = { repoURL: 'https://git.example.com/shop.git', path: '.' };
  const spec = { project: 'shop', source, destination: { server: SERVER, namespace: 'shop' } };
  const application = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Application', metadata: { name: 'web', namespace: 'argocd' }, spec };
  const destination = { server: SERVER, clusterName: 'in-cluster', namespace: 'shop' };
  return specConditions(application, project, destination, 'argocd').map(({ type, message }) => `${type}: ${message}`);
}

it.each([
  ['signatureKeys', [{ keyID: '0123456789ABCDEF' }]],
  ['sourceIntegrity', { git: { policies: [{ repos: [{ url: '*' }], gpg: { mode: 'head', keys: ['0123456789ABCDEF'] } }] } }],
  ['permitOnlyProjectScopedClusters', true],
])('refuses the Applications of a project with %s, and says how to go on', (field, value) => {
  expect(refusals({ [field]: value })).toEqual([
    expect.stringMatching(`^InvalidSpecError: project 'shop': spec\\.${field} is not supported yet: remove it, and .+`),
  ]);
});

it('names each of several', () => {
  expect(refusals({ permitOnlyProjectScopedClusters: true, signatureKeys: [{ keyID: 'A' }] })).toHaveLength(2);
});

it('has nothing to say where they protect nothing', () => {
  const empty = { signatureKeys: [], sourceIntegrity: { git: { policies: [] } }, permitOnlyProjectScopedClusters: false };
  expect(refusals(empty)).toEqual([]);
  expect(refusals({ signatureKeys: null, sourceIntegrity: null, permitOnlyProjectScopedClusters: null })).toEqual([]);
});
