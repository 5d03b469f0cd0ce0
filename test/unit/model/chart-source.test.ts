import { expect, it } from 'vitest';
import { chartOf, chartSource, dependencyPlace, isArtifact, registryNames } from '../../../lib/model/chart-source.ts';

it.each([
  ['https://charts.example.com', 'redis', false, 'index'],
  ['HTTP://charts.example.com', 'redis', false, 'index'],
  ['https://charts.example.com', 'redis', true, 'chart'],
  ['registry.example.com/charts', 'redis', false, 'chart'],
  ['127.0.0.1:5000/charts', 'redis', false, 'chart'],
  ['oci://registry.example.com/charts', 'redis', false, 'chart'],
  ['oci://registry.example.com/config', '', false, 'artifact'],
])('reads %s with the chart %j (enableOCI: %s) as %s', (url, chart, enableOCI, kind) => {
  expect(chartSource(url, chart, { enableOCI })).toEqual({ kind, url, chart });
});

it.each([
  ['oci://registry.example.com/config', undefined, true, ''],
  ['oci://registry.example.com/config', '', true, ''],
  ['oci://registry.example.com/charts', 'redis', true, ''],
  ['registry.example.com/charts', 'redis', false, 'redis'],
  ['https://charts.example.com', 'redis', false, 'redis'],
  ['https://example.com/repo.git', undefined, false, ''],
])('takes %s with the chart %j for an artifact: %s, and for the chart %j', (repoURL, chart, artifact, name) => {
  expect([isArtifact({ repoURL }), chartOf({ repoURL, chart })]).toEqual([artifact, name]);
});

it.each([
  ['@stable', { kind: 'named', name: 'stable' }],
  ['alias:stable', { kind: 'named', name: 'stable' }],
  ['https://charts.example.com', { kind: 'url', url: 'https://charts.example.com' }],
  ['oci://registry.example.com/charts', { kind: 'url', url: 'oci://registry.example.com/charts' }],
  ['http://charts.example.com', { kind: 'other' }],
  ['file://../redis', { kind: 'other' }],
  ['@', { kind: 'other' }],
  ['', { kind: 'other' }],
])('reads the repository %j of a dependency', (repository, place) => {
  expect(dependencyPlace(repository)).toEqual(place);
});

it('looks for a registry as it is written, and without scheme', () => {
  expect(registryNames('oci://registry.example.com/charts')).toEqual(['oci://registry.example.com/charts', 'registry.example.com/charts']);
  expect(registryNames('https://charts.example.com')).toEqual(['https://charts.example.com']);
});
