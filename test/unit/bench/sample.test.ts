import { expect, test } from 'vitest';
import {
  applicationManifest,
  applicationNames,
  BASE_VERSION,
  baseFiles,
  KINDS,
  OVERLAY_VERSION,
  overlayFiles,
} from '../../../infra/bench/sample.ts';
import { parseApplication } from '../../../lib/model/application.ts';

test('names sort as they count', () => {
  expect(applicationNames('app', 3)).toEqual(['app-001', 'app-002', 'app-003']);
});

test('the base names one file for each of the four kinds', () => {
  const files = baseFiles(7);
  const base = JSON.parse(files['base/kustomization.yaml'] ?? '');
  expect(base.resources.map((file: string) => JSON.parse(files[`base/${file}`] ?? '').kind)).toEqual(KINDS);
  expect(base.commonAnnotations).toEqual({ [BASE_VERSION]: 'v7' });
});

test('another version of an overlay changes that overlay and nothing else', () => {
  const [before, after] = [overlayFiles('app-001', 1), overlayFiles('app-001', 2)];
  expect(Object.keys(after)).toEqual(['overlays/app-001/kustomization.yaml']);
  const [path = ''] = Object.keys(after);
  expect(JSON.parse(after[path] ?? '')).toEqual({ ...JSON.parse(before[path] ?? ''), commonAnnotations: { [OVERLAY_VERSION]: 'v2' } });
});

test('the Application is one that Evenkeel reads', () => {
  const application = parseApplication(applicationManifest('app-001', 'http://127.0.0.1/fleet.git', 'argocd', 'fleet'));
  expect(application.spec.source).toMatchObject({ repoURL: 'http://127.0.0.1/fleet.git', path: 'overlays/app-001' });
  expect(application.spec.destination).toEqual({ name: 'in-cluster', namespace: 'fleet' });
});
