// AppProjects as the API server returns them; faults are told with their path.
import { expect, test } from 'vitest';
import { InvalidInput } from '../../../lib/model/errors.ts';
import { parseProject } from '../../../lib/model/project.ts';

const object = (spec: unknown) => ({ apiVersion: 'argoproj.io/v1alpha1', kind: 'AppProject', metadata: { name: 'shop' }, spec });

test('a project is taken as it is: an empty list and an absent one stay what they are', () => {
  const spec = {
    sourceRepos: ['*'],
    destinations: [{ server: '*', namespace: '*' }, { name: 'prod' }],
    destinationServiceAccounts: [{ server: '*', defaultServiceAccount: 'deployer' }],
    namespaceResourceWhitelist: [],
    clusterResourceWhitelist: null,
    syncWindows: [{ kind: 'deny' }],
  };
  expect(parseProject(object(spec))).toEqual(object(spec));
  expect(parseProject(object({})).spec).not.toHaveProperty('namespaceResourceWhitelist');
});

test('a project that is wrong in several places hears of all of them', () => {
  const spec = { sourceRepos: 'all', destinationServiceAccounts: [{ server: '*' }], clusterResourceWhitelist: [{ group: '*' }] };
  expect(() => parseProject(object(spec))).toThrow(InvalidInput);
  for (const path of [
    'spec.sourceRepos',
    'spec.destinationServiceAccounts.0.defaultServiceAccount',
    'spec.clusterResourceWhitelist.0.kind',
  ]) {
    expect(() => parseProject(object(spec))).toThrow(`${path}: `);
  }
});

test.each([undefined, null, 'text', [], {}, object(undefined)])('%j is none', (other) => {
  expect(() => parseProject(other)).toThrow(InvalidInput);
});
