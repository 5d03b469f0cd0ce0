// Integers of 64 bits, which JavaScript's numbers do not hold: from Git to the API server and back, digit by digit.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { succeed } from '../support/program.ts';
import { type Stories, startStories } from '../support/stories.ts';
import { collectionPath } from '../world/world.ts';

let stories: Stories;
beforeAll(async () => {
  stories = await startStories();
});
afterAll(() => stories.close());

const web = (seconds: string) => `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 0
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: ${seconds}
      containers: [{name: main, image: registry.example.com/web:v1}]
`;

it.each([
  ['plain manifests', {}],
  ['a kustomization', { 'kustomization.yaml': 'resources: [web.yaml]\n' }],
  ['a chart', { 'Chart.yaml': 'apiVersion: v2\nname: web\nversion: 0.1.0\n' }],
])('arrive as %s has them, and one that differs in its last digit is seen', async (_name, files) => {
  const file = 'Chart.yaml' in files ? 'templates/web.yaml' : 'web.yaml';
  const shop = await stories.deployment({ ...files, [file]: web('9007199254740993') }, { syncPolicy: { automated: {} } });
  const path = `${collectionPath('apps/v1', 'deployments', shop.namespace)}/web`;
  const raw = () => succeed(stories.kubectl, ['--kubeconfig', stories.kubeconfigPath, 'get', '--raw', path]);
  const seconds = async () => /"terminationGracePeriodSeconds":(\d+)/.exec(await raw())?.[1];
  const synced = async () => (await shop.read()).status?.sync?.status;

  await shop.look();
  expect([await seconds(), await synced()]).toEqual(['9007199254740993', 'Synced']);
  await shop.look();
  expect(await synced()).toBe('Synced');

  await shop.commit({ [file]: web('9223372036854775807') });
  await shop.look('push');
  expect([await seconds(), await synced()]).toEqual(['9223372036854775807', 'Synced']);

  await shop.change({ spec: { syncPolicy: null } });
  await shop.commit({ [file]: web('9223372036854775806') });
  await shop.look('push');
  expect(await synced()).toBe('OutOfSync');
  await shop.sync();
  expect([await seconds(), await synced()]).toEqual(['9223372036854775806', 'Synced']);
});
