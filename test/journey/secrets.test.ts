// Promise: secret values never leave. Canaries are planted wherever there are secrets, every error path is forced, and nobody sings.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type GitRemote, startGitRemote } from '../support/git-remote.ts';
import { type ApplicationOptions, configMap, type Deployed, type Journey, startJourney } from '../support/journey.ts';
import { type ProgramRuns, recordedProgram } from '../support/observe.ts';
import { succeed } from '../support/program.ts';
import { freshName, world } from '../world/world.ts';

let folder: string;
let journey: Journey;
let programs: readonly ProgramRuns[];
let remote: GitRemote;

/** Every canary so far, in each form in which it may be printed. */
const planted = new Set<string>();
/** Whatever people may see: collected as the tests go. */
const seen: { readonly where: string; readonly text: string }[] = [];

/** The head of every service account's token, a JSON web token. */
const TOKEN = 'eyJhbGciOi';

function canary(): string {
  const value = `canary${randomBytes(12).toString('hex')}`;
  for (const form of [value, Buffer.from(value).toString('base64').replace(/=+$/, ''), encodeURIComponent(value)]) planted.add(form);
  return value;
}

const base64 = (text: string) => Buffer.from(text).toString('base64');

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'evenkeel-secrets-'));
  const { kustomize, helm } = world();
  const git = (await succeed('sh', ['-c', 'command -v git'])).trim();
  const [k, h, g] = [
    recordedProgram(folder, 'kustomize', kustomize),
    recordedProgram(folder, 'helm', helm),
    recordedProgram(folder, 'git', git),
  ];
  programs = [k, h, g];
  const environment = {
    EVENKEEL_KUSTOMIZE: k.path,
    EVENKEEL_HELM: h.path,
    EVENKEEL_GIT: g.path,
    EVENKEEL_WEBHOOK_GITHUB_SECRET: canary(),
  };
  [journey, remote] = await Promise.all([startJourney({ environment, verbose: true }), startGitRemote()]);
  const kubeconfig = JSON.parse(readFileSync(journey.host.workerKubeconfigPath, 'utf8'));
  planted.add(kubeconfig.users[0].user.token);
});

afterEach(() => {
  for (const name of readdirSync(journey.host.logs)) see(name, readFileSync(join(journey.host.logs, name), 'utf8'));
  see('what the host says', journey.notices.join('\n'));
  for (const program of programs) see(program.path, program.text());
  const found = seen.splice(0).flatMap(({ where, text }) => [...planted, TOKEN].map((form) => leak(where, text, form)));
  expect(found.filter((text) => text !== '')).toEqual([]);
});

afterAll(async () => {
  await journey?.close();
  await remote?.close();
  rmSync(folder, { recursive: true, force: true });
});

function see(where: string, text: string): void {
  seen.push({ where, text });
}

/** What stands around a secret, so that a failure tells where it got out. */
function leak(where: string, text: string, form: string): string {
  const at = text.indexOf(form);
  return at < 0 ? '' : `${where}: …${text.slice(Math.max(0, at - 200), at + form.length + 100)}…`;
}

/** Waits until a look at the Application has ended in an error, and keeps all that it shows. */
async function faultOf(application: Deployed): Promise<string> {
  await journey.wake(application.name);
  const { status } = await application.until(({ status: now, operation }) => {
    expect(operation).toBeUndefined();
    expect((now?.conditions ?? []).length + (now?.operationState?.phase === 'Failed' ? 1 : 0)).toBeGreaterThan(0);
  });
  await look(application);
  return [...(status?.conditions ?? []).map(({ message }) => message), status?.operationState?.message ?? ''].join('\n');
}

/** Status and annotations, and what the commands print. */
async function look({ name, read }: Deployed): Promise<void> {
  const { status, metadata, spec } = await read();
  // Status repeats the source as the spec has it, which stands beside it for everyone who may read the Application.
  const given = spec.source?.repoURL ?? '';
  see(`status of ${name}`, JSON.stringify(status ?? {}).replaceAll(`"repoURL":"${given}"`, '"repoURL":"as in the spec"'));
  see(`annotations of ${name}`, JSON.stringify(metadata.annotations ?? {}));
  for (const args of [
    ['get', name],
    ['diff', name],
  ]) {
    const { stdout, stderr } = await journey.evenkeel('app', ...args);
    see(`evenkeel app ${args.join(' ')}`, stdout + stderr);
  }
}

const secret = (fields: object) => ({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'credentials' }, ...fields });

async function applicationOf(files: Readonly<Record<string, string | object>>, options?: ApplicationOptions): Promise<Deployed> {
  const once = { spec: { syncPolicy: { automated: { selfHeal: true }, retry: { limit: 0 } } } };
  return journey.application(await journey.repository(files), options ?? once);
}

test('a change of an immutable Secret fails without its values', async () => {
  const files = (value: string) => ({ 'secret.yaml': secret({ immutable: true, stringData: { password: value } }) });
  const repository = await journey.repository(files(canary()));
  const application = await journey.application(repository, { spec: { syncPolicy: { automated: {}, retry: { limit: 0 } } } });
  await journey.wake(application.name);
  await application.synced();
  await look(application);
  await repository.commit(files(canary()));
  await application.until(({ status }) => expect(status?.operationState?.phase).toBe('Failed'));
  expect(await faultOf(application)).toMatch(/immutable/);
});

const ODD: readonly (() => object)[] = [
  () => ({ data: { password: `${canary()} !` } }),
  () => ({ data: { password: { inner: canary() } } }),
  () => ({ data: canary() }),
  () => ({ stringData: { 'no/name': canary() } }),
  () => ({ stringdata: { password: canary() } }),
  () => ({ type: 'kubernetes.io/tls', data: { 'tls.crt': base64(canary()) } }),
];

test('Secrets that the API server refuses, or takes only in part, are reported without their values', async () => {
  const applications = await Promise.all(ODD.map((fields) => applicationOf({ 'secret.yaml': secret(fields()) })));
  await Promise.all(applications.map(({ name }) => journey.wake(name)));
  for (const application of applications) {
    await application.until(({ status, operation }) => expect([status?.sync?.status, operation]).toEqual([expect.anything(), undefined]));
    await look(application);
  }
});

test('a Secret whose text is no YAML fails with file and line, without its values', async () => {
  const text = `apiVersion: v1\nkind: Secret\nmetadata: {name: credentials}\nstringData:\n  password: ${canary()}\n  other: "${canary()}\n  broken: [${canary()}\n`;
  expect(await faultOf(await applicationOf({ 'secret.yaml': text }))).toMatch(/secret\.yaml/);
});

test.each([
  ['a value twice', () => [`password=${canary()}`, `password=${canary()}`]],
  ['a value without a name', () => [canary()]],
])('a Kustomization that generates a Secret of %s fails without its values', async (_, literals) => {
  const generator = { secretGenerator: [{ name: 'credentials', literals: literals() }] };
  expect(await faultOf(await applicationOf({ 'kustomization.yaml': generator }))).toMatch(/kustomize/);
});

test('a chart that makes a Secret which is no YAML fails without its values', async () => {
  const files = {
    'Chart.yaml': { apiVersion: 'v2', name: 'shop', version: '1.0.0' },
    'values.yaml': { password: canary() },
    'templates/secret.yaml':
      'apiVersion: v1\nkind: Secret\nmetadata:\n  name: credentials\nstringData:\n  password: {{ .Values.password }}\n broken: [\n',
  };
  expect(await faultOf(await applicationOf(files))).toMatch(/helm/);
});

test('a value that somebody changed in the cluster is a difference, and is put back, without being shown', async () => {
  const application = await applicationOf(
    { 'secret.yaml': secret({ stringData: { password: canary() } }) },
    { spec: { syncPolicy: null } },
  );
  expect(await journey.sweeping(journey.evenkeel('app', 'sync', application.name))).toMatchObject({ code: 0 });
  const path = `/api/v1/namespaces/${application.namespace}/secrets/credentials`;
  await journey.api.send(path, { method: 'PATCH', body: { stringData: { password: canary() } } });
  await journey.wake(application.name);
  await application.until(({ status }) => expect(status?.sync?.status).toBe('OutOfSync'));
  const diff = await journey.evenkeel('app', 'diff', application.name);
  see('evenkeel app diff', diff.stdout + diff.stderr);
  expect(diff).toMatchObject({ code: 1, stdout: expect.stringContaining('password') });
  await look(application);
});

test('a repository whose URL holds a password that is right is read, and one that is wrong or out of reach is reported, without it', async () => {
  const [right, wrong] = [canary(), canary()];
  await remote.commit({ 'settings.yaml': JSON.stringify(configMap('settings', { a: '1' })) });
  remote.demand = `robin:${right}`;
  const at = (password: string, url = remote.url) => ({ url: url.replace('http://', `http://robin:${password}@`) });
  const [good, bad, away] = await Promise.all([
    journey.application(at(right)),
    journey.application(at(wrong)),
    journey.application(at(canary(), 'http://127.0.0.1:1/away.git')),
  ]);
  await journey.wake(good.name);
  await good.synced();
  await look(good);
  expect(await faultOf(bad)).toMatch(/access refused/);
  await journey.wake(away.name);
  await expect
    .poll(() => readFileSync(join(journey.host.logs, 'reconcile.log'), 'utf8'), { timeout: 20_000 })
    .toMatch(/away\.git does not answer/);
  await look(away);
});

test.each([
  ['is out of reach', (token: string) => JSON.stringify({ bearerToken: token, password: token, username: 'robin' })],
  ['is not the JSON that it should be', (token: string) => `{"bearerToken": "${token}`],
  [
    'has fields that are not supported',
    (token: string) => JSON.stringify({ bearerToken: token, execProviderConfig: { env: { TOKEN: token } } }),
  ],
])('a cluster whose registration %s is reported without its credential', async (_, config) => {
  const server = `https://${freshName('away')}.example.com`;
  const data = { name: 'away', server, config: config(canary()) };
  const metadata = { name: freshName('cluster'), labels: { 'argocd.argoproj.io/secret-type': 'cluster' } };
  await journey.create('v1', 'secrets', journey.control, { apiVersion: 'v1', kind: 'Secret', metadata, stringData: data });
  const application = await applicationOf(
    { 'settings.yaml': configMap('settings', {}) },
    { spec: { destination: { server, namespace: 'default' } } },
  );
  await journey.wake(application.name);
  await expect.poll(() => readFileSync(join(journey.host.logs, 'reconcile.log'), 'utf8'), { timeout: 20_000 }).toContain(application.name);
  await look(application);
});

test('the list and the history of all that was planted show none of it', async () => {
  const list = await journey.evenkeel('app', 'list');
  expect(list).toMatchObject({ code: 0, stdout: expect.stringContaining(remote.url) });
  see('evenkeel app list', list.stdout + list.stderr);
  const names = [...list.stdout.matchAll(/\/(app-\w+) .*repo\.git/g)].map(([, name]) => name ?? '');
  expect(names).not.toEqual([]);
  for (const name of names) {
    const history = await journey.evenkeel('app', 'history', name);
    see(`evenkeel app history ${name}`, history.stdout + history.stderr);
  }
});
