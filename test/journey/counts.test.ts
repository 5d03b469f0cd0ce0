// Promise: cost follows changes. Requests, renders and dry runs are counted; nothing is done where nothing changed.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { configMap, type Deployed, type Files, type Journey, type Repository, startJourney } from '../support/journey.ts';
import {
  type ProgramRuns,
  type RenderRequests,
  recordedProgram,
  recordedRenderer,
  type Traffic,
  watchTraffic,
} from '../support/observe.ts';
import { succeed } from '../support/program.ts';
import { eventually, world } from '../world/world.ts';

const WORKERS = 2;

let folder: string;
let journey: Journey;
let traffic: Traffic;
let renderer: RenderRequests;
let git: ProgramRuns;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'evenkeel-counts-'));
  git = recordedProgram(folder, 'git', (await succeed('sh', ['-c', 'command -v git'])).trim());
  renderer = recordedRenderer(folder, world().renderer);
  const environment = { EVENKEEL_RENDERER: renderer.path, EVENKEEL_GIT: git.path };
  journey = await startJourney({ environment, concurrency: WORKERS });
  traffic = await watchTraffic(journey);
});

afterAll(async () => {
  await journey?.close();
  await traffic?.close();
  rmSync(folder, { recursive: true, force: true });
});

beforeEach(() => forget());

function forget(): void {
  traffic.clear();
  renderer.clear();
  git.clear();
}

const lines = () => traffic.requests.map(({ method, url }) => `${method} ${decodeURIComponent(url)}`);
const writes = () => lines().filter((line) => !line.startsWith('GET '));
/** Server-side dry runs. */
const dryRuns = () => lines().filter((line) => line.includes('dryRun'));
const fetches = () => git.arguments().filter((line) => line.includes(' fetch '));

/** Everything that was asked for has been done. */
async function atRest(): Promise<void> {
  await eventually(async () => {
    const depths = Object.values(await journey.host.depths());
    expect(depths.map(({ visible, inFlight, delayed }) => visible + inFlight + delayed)).toEqual(depths.map(() => 0));
    expect(journey.host.workers().filter(({ functionName, busy }) => functionName === 'reconcile' && busy)).toEqual([]);
  }, 30_000);
}

async function sweep(): Promise<void> {
  expect(await journey.host.invoke('sweep', {})).toMatchObject({ ok: true });
}

const overlay = (name: string): Files => ({
  'base/kustomization.yaml': { resources: ['settings.yaml'] },
  'base/settings.yaml': configMap('settings', { colour: 'blue' }),
  [`overlays/${name}/kustomization.yaml`]: { resources: ['../../base'], namePrefix: `${name}-` },
});

/** So many Applications of one repository, each with an overlay of its own over the same base, all Synced. */
async function fleet(count: number): Promise<{ readonly repository: Repository; readonly applications: readonly Deployed[] }> {
  const names = Array.from({ length: count }, (_, index) => `shop${index}`);
  const repository = await journey.repository(Object.assign({}, ...names.map(overlay)));
  const namespace = await journey.freshNamespace('fleet');
  const applications = await Promise.all(names.map((name) => journey.application(repository, { path: `overlays/${name}`, namespace })));
  await Promise.all(applications.map(({ name }) => journey.wake(name)));
  await Promise.all(applications.map((application) => application.synced()));
  await atRest();
  return { repository, applications };
}

test('a reconcile that finds no change takes three requests and one for each kind, and writes nothing', async () => {
  const labels = { app: 'web' };
  const container = { name: 'web', image: 'registry.example.com/web:1' };
  const repository = await journey.repository({
    'account.yaml': { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'web' } },
    'service.yaml': { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' }, spec: { selector: labels, ports: [{ port: 80 }] } },
    'deployment.yaml': {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web' },
      spec: { replicas: 0, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers: [container] } } },
    },
    'settings.yaml': configMap('settings', { a: '1' }),
    'more.yaml': configMap('more', { b: '2' }),
  });
  const application = await journey.application(repository);
  await journey.wake(application.name);
  const before = await application.synced();
  // Each worker asks once what the API server serves, and for a token.
  for (let round = 0; round < 2 * WORKERS; round += 1) {
    await Promise.all(Array.from({ length: WORKERS }, () => journey.wake(application.name)));
    await atRest();
  }
  forget();
  await journey.wake(application.name);
  await eventually(async () => expect(traffic.requests.length).toBeGreaterThan(0));
  await atRest();
  expect(writes()).toEqual([]);
  expect(lines().length, lines().join('\n')).toBeLessThanOrEqual(3 + 4);
  expect(renderer.jobs()).toEqual([]);
  expect(fetches()).toEqual([]);
  expect((await application.read()).metadata.resourceVersion).toBe(before.metadata.resourceVersion);
});

test('a tick of the sweep that finds nothing asks as much for twenty Applications as for three, and does nothing', async () => {
  const counted = async () => {
    await sweep();
    await sweep();
    await atRest();
    forget();
    const received = journey.host.stats()['reconcile']?.received;
    await sweep();
    await atRest();
    expect(journey.host.stats()['reconcile']?.received).toBe(received);
    expect([dryRuns(), renderer.jobs(), git.arguments(), writes()]).toEqual([[], [], [], []]);
    return lines();
  };
  await fleet(3);
  const few = await counted();
  await fleet(17);
  const many = await counted();
  expect(many.length, many.join('\n')).toBe(few.length);
});

test('a push that touches ten Applications is fetched once by each worker, and rendered once for each', async () => {
  const { repository, applications } = await fleet(10);
  // Times in a status are whole seconds: within the one in which it was written, each Application has to look for itself.
  await sleep(1100);
  forget();
  const commit = await repository.commit({ 'base/settings.yaml': configMap('settings', { colour: 'green' }) });
  await Promise.all(applications.map((application) => application.synced(commit)));
  await atRest();
  expect(fetches().length, fetches().join('\n')).toBeLessThanOrEqual(WORKERS);
  expect(git.arguments().filter((line) => line.startsWith('ls-remote ')).length).toBeLessThanOrEqual(WORKERS);
  expect(renderer.jobs().length, renderer.jobs().join('\n')).toBe(10);
  expect(dryRuns().length).toBeLessThanOrEqual(10);
});

test('a commit that an Application does not read renders nothing for it, even when it is looked at', async () => {
  const { repository, applications } = await fleet(3);
  forget();
  const commit = await repository.commit({ 'README.md': 'Open all week.' });
  expect(journey.host.pushes().at(-1)?.answer?.body).toBe('{"enqueued":[]}');
  await Promise.all(applications.map(({ name }) => journey.wake(name)));
  await Promise.all(applications.map((application) => application.synced(commit)));
  await atRest();
  expect(renderer.jobs()).toEqual([]);
  expect(dryRuns()).toEqual([]);
});
