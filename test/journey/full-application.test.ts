// Promise: the example Applications apply as they are printed, with every sync option that there is, and sync.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BOOKSTORE_DIR, copyBookstore } from '../../infra/kubernetes/examples/bookstore.ts';
import { type Deployed, type Journey, startJourney } from '../support/journey.ts';
import { succeed } from '../support/program.ts';

const EXAMPLES = join(BOOKSTORE_DIR, '..');
const URL_IN_EXAMPLES = 'https://git.example.com/bookstore.git';

let journey: Journey;
let repoURL: string;

beforeAll(async () => {
  journey = await startJourney();
  const repository = await journey.repository({});
  repoURL = repository.url;
  await copyBookstore(repository.dir, repoURL);
  await repository.commit({});
});

afterAll(() => journey?.close());

/** Applies an example: only where the repository is and in which namespace Applications live differs here. */
async function apply(file: string, name: string, namespace: string): Promise<Deployed> {
  const text = readFileSync(join(EXAMPLES, file), 'utf8');
  const manifest = text.replaceAll(URL_IN_EXAMPLES, repoURL).replace(/^ {2}namespace: argocd$/m, `  namespace: ${journey.control}`);
  expect(manifest).not.toMatch(/git\.example\.com|argocd$/m);
  await succeed(journey.kubectl, ['--kubeconfig', journey.kubeconfigPath, 'apply', '--validate=strict', '-f', '-'], { input: manifest });
  await journey.wake(name);
  return journey.existing(name, namespace);
}

const namesOf = ({ resources }: { readonly resources?: readonly { readonly kind: string }[] | undefined }) =>
  (resources ?? []).map(({ kind }) => kind);

test('the Application with everything that one can say about a sync becomes Synced and Healthy', async () => {
  const application = await apply('full-application.yaml', 'newsletter', 'newsletter');
  const { status } = await application.synced();
  expect(status?.operationState).toMatchObject({ phase: 'Succeeded', operation: { initiatedBy: { automated: true } } });
  expect(status?.conditions ?? []).toEqual([]);
  expect(status?.sourceType).toBe('Directory');
  expect(namesOf(status ?? {}).length).toBeGreaterThan(0);
  const namespace = await journey.find('v1', 'namespaces', undefined, 'newsletter');
  expect(namespace?.['metadata']).toMatchObject({
    labels: { 'pod-security.kubernetes.io/enforce': 'restricted', team: 'marketing' },
    annotations: { 'example.com/contact': 'marketing@bookstore.example.com' },
  });
});

test('what it asks to ignore is left as somebody else set it, also when the rest is synced again', async () => {
  const application = journey.existing('newsletter', 'newsletter');
  const path = '/apis/apps/v1/namespaces/newsletter/deployments/newsletter';
  await journey.api.send(path, { method: 'PATCH', body: { spec: { replicas: 3 } } });
  const before = await application.read();
  expect(await journey.sweeping(journey.evenkeel('app', 'sync', 'newsletter'))).toMatchObject({ code: 0 });
  const { status } = await application.until(({ status: now, operation }) => {
    expect(operation).toBeUndefined();
    expect(now?.operationState?.startedAt).not.toBe(before.status?.operationState?.startedAt);
    expect([now?.sync?.status, now?.health?.status]).toEqual(['Synced', 'Healthy']);
  });
  expect(status?.operationState?.phase).toBe('Succeeded');
  expect(await journey.api.send(path)).toMatchObject({ spec: { replicas: 3 } });
});

test('the Application of the Helm chart becomes Synced and Healthy, with its values', async () => {
  const application = await apply('helm-application.yaml', 'bookstore-helm', 'bookstore-helm');
  const { status } = await application.until(({ status: now }) => {
    expect([now?.sync?.status, now?.health?.status]).toEqual(['Synced', 'Healthy']);
  }, 90_000);
  expect(status?.sourceType).toBe('Helm');
  expect(status?.conditions ?? []).toEqual([]);
  expect(namesOf(status ?? {}).length).toBeGreaterThanOrEqual(40);
  const ingresses = await journey.api.send('/apis/networking.k8s.io/v1/namespaces/bookstore-helm/ingresses');
  expect(JSON.stringify(ingresses)).toContain('helm.bookstore.example.com');
});
