// The Bookstore on a real API server: each environment rolls out with the rights of its own account, which reach no further.
// The sample has fixed names, so this file renames its copy: other tests may run the shop beside it.
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { copyBookstore } from '../../infra/kubernetes/examples/bookstore.ts';
import { run, succeed } from '../support/program.ts';
import { eventually, freshName, type World, world } from '../world/world.ts';

const kubernetes = join(import.meta.dirname, '../../infra/kubernetes');
const environments = ['dev', 'staging', 'prod'];
const shop = freshName('shop');

let here: World;
let copy: string;

const kubectl = (args: readonly string[], input = ''): Promise<string> =>
  succeed(here.kubectl, ['--kubeconfig', here.kubeconfigPath, ...args], { input });
const render = (environment: string): Promise<string> => succeed(here.kustomize, ['build', join(copy, 'overlays', environment)]);
const worker = 'system:serviceaccount:argocd:evenkeel';
const account = (environment: string) => `system:serviceaccount:${shop}-deployers:${shop}-${environment}`;
/** A short-lived token of a service account, obtained with the worker's rights. */
const tokenOf = async (namespace: string, name: string): Promise<string> =>
  (await kubectl(['create', 'token', name, '-n', namespace, '--as', worker])).trim();

beforeAll(async () => {
  here = world();
  copy = await mkdtemp(join(tmpdir(), 'bookstore-'));
  await copyBookstore(copy, 'https://git.example.org/shop.git');
  await rename(copy);
  const apply = ['apply', '--server-side', '--force-conflicts'];
  await kubectl([...apply, '-k', join(kubernetes, 'crds')]);
  await eventually(() => kubectl([...apply, '-k', join(kubernetes, 'install')]));
  await kubectl([...apply, '-f', join(kubernetes, 'rbac/default-deployer.yaml')]);
  await kubectl(['apply', '--validate=strict', '-f', join(copy, 'bootstrap/1-project')]);
});

afterAll(() => rm(copy, { recursive: true, force: true }));

async function rename(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.name.endsWith('.yaml')) continue;
    const file = join(entry.parentPath, entry.name);
    const text = await readFile(file, 'utf8');
    await writeFile(
      file,
      text
        .replaceAll('bookstore-', `${shop}-`)
        .replace(/^( +(?:name|project)): bookstore(?=\n +(?:namespace: argocd|source:))/gm, `$1: ${shop}`),
    );
  }
}

interface Rendered {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec?: { readonly template?: { readonly spec: { readonly containers: readonly { readonly image: string }[] } } };
}

function objects(text: string): readonly Rendered[] {
  const documents = parseAllDocuments(text);
  return Array.isArray(documents) ? documents.map((document) => document.toJS()).filter((object) => object !== null) : [];
}

const named = (rendered: readonly Rendered[], kind: string) =>
  rendered.filter((object) => object.kind === kind).map((object) => object.metadata.name);
const images = (rendered: readonly Rendered[]) =>
  rendered.flatMap((object) => object.spec?.template?.spec.containers ?? []).map(({ image }) => image);
const chart = (values: string): Promise<string> =>
  succeed(here.helm, ['template', 'shop', join(copy, 'chart'), '-n', `${shop}-helm`, '-f', join(copy, 'chart', values)]);

describe('what the sample renders', () => {
  it.each(environments)('has at least 40 objects in %s', async (environment) => {
    expect(objects(await render(environment)).length).toBeGreaterThanOrEqual(40);
  });

  it.each(['values-dev.yaml', 'values.yaml', 'values-prod.yaml'])('has at least 40 objects as a chart with %s', async (values) => {
    expect(objects(await chart(values)).length).toBeGreaterThanOrEqual(40);
  });

  it('runs production by digest and without a Secret', async () => {
    const prod = objects(await render('prod'));
    expect(images(prod)).toHaveLength(8);
    expect(images(prod).filter((image) => !/@sha256:[0-9a-f]{64}$/.test(image))).toEqual([]);
    expect(named(prod, 'Secret')).toEqual([]);
    expect(named(objects(await render('staging')), 'Secret')).toEqual(['credentials', 'session']);
  });

  it('leaves the autoscaler out of development alone', async () => {
    const autoscalers = environments.map(async (environment) => named(objects(await render(environment)), 'HorizontalPodAutoscaler'));
    expect(await Promise.all(autoscalers)).toEqual([[], ['catalog'], ['catalog']]);
  });

  it('names what the whole cluster sees differently in each environment', async () => {
    const rendered = await Promise.all(environments.map(async (environment) => objects(await render(environment))));
    const names = rendered.flatMap((one) => [...named(one, 'Namespace'), ...named(one, 'PriorityClass')]);
    expect(names).toHaveLength(9);
    expect(new Set(names).size).toBe(9);
  });

  it('holds the URL of its own repository instead of the placeholder', async () => {
    const files = await readdir(copy, { recursive: true, withFileTypes: true });
    const texts = files.filter((file) => file.isFile()).map((file) => readFile(join(file.parentPath, file.name), 'utf8'));
    const all = (await Promise.all(texts)).join('\n');
    expect(all).not.toContain('git.example.com');
    expect(all.match(/https:\/\/git\.example\.org\/shop\.git/g)).toHaveLength(5);
  });
});

/** Waits until five Deployments and two StatefulSets have as many ready pods of their newest form as they should. */
async function rolledOut(namespace: string): Promise<void> {
  const counts = '{range .items[*]}{.metadata.name} {.spec.replicas} {.status.readyReplicas} {.status.updatedReplicas}{"\\n"}{end}';
  await eventually(async () => {
    const answer = await kubectl(['get', 'deployments,statefulsets', '-n', namespace, '-o', `jsonpath=${counts}`]);
    const rows = answer
      .trim()
      .split('\n')
      .map((row) => row.split(' '));
    expect(rows).toHaveLength(7);
    expect(rows.filter(([, wanted, ready, updated]) => ready !== wanted || updated !== wanted)).toEqual([]);
  }, 60_000);
}

describe('an environment', () => {
  it.each(environments)('rolls out in %s with a token that the worker gets for its account', async (environment) => {
    const namespace = `${shop}-${environment}`;
    const token = await tokenOf(`${shop}-deployers`, namespace);
    await kubectl(
      ['apply', '--server-side', '--force-conflicts', '--validate=strict', '--token', token, '-f', '-'],
      await render(environment),
    );
    await kubectl(['wait', '-n', namespace, '--for=condition=Complete', '--timeout=60s', 'job/db-migrate']);
    await rolledOut(namespace);
    const pods = await kubectl(['get', 'pods', '-n', namespace, '-o', 'jsonpath={.items[*].spec.priorityClassName}']);
    expect(new Set(pods.trim().split(' '))).toEqual(new Set([`${namespace}-critical`, `${namespace}-standard`]));
  });

  it('rolls out from the chart with the rights of the default account', async () => {
    const namespace = `${shop}-helm`;
    const token = await tokenOf('argocd', 'evenkeel-default');
    const rendered = await chart('values-dev.yaml');
    const apply = ['apply', '--server-side', '--force-conflicts', '--validate=strict', '--token', token, '-n', namespace, '-f', '-'];
    await kubectl(['create', 'namespace', namespace]);
    await kubectl(apply, rendered);
    await rolledOut(namespace);
  });

  it('comes from an Application that the account of the root can write', async () => {
    const token = await tokenOf(`${shop}-deployers`, `${shop}-root`);
    await kubectl(['apply', '--server-side', '--validate=strict', '--token', token, '-f', join(copy, 'root')]);
    const applications = await kubectl(['get', 'applications', '-n', 'argocd', '-o', 'name']);
    for (const environment of environments) expect(applications).toContain(`/${shop}-${environment}\n`);
    await kubectl(['patch', '-n', 'argocd', '--type=merge', '-p', '{"metadata":{"finalizers":null}}', `app/${shop}-dev`]);
    await kubectl(['delete', '--token', token, '-n', 'argocd', `app/${shop}-dev`]);
  });
});

describe('the rights', () => {
  it.each([
    ['the worker', 'cannot create a ConfigMap in an environment', worker, ['create', 'configmaps', '-n', `${shop}-dev`], 'no'],
    ['the worker', 'cannot change a Deployment', worker, ['patch', 'deployments.apps', '-n', `${shop}-dev`], 'no'],
    ['the worker', 'cannot read Secrets of an environment', worker, ['list', 'secrets', '-n', `${shop}-dev`], 'no'],
    ['the worker', 'cannot act for whom it likes', worker, ['impersonate', 'users'], 'no'],
    [
      'the worker',
      'cannot take a token of another account',
      worker,
      ['create', 'serviceaccounts/default', '--subresource=token', '-n', 'kube-system'],
      'no',
    ],
    ['the worker', 'cannot change a project', worker, ['patch', 'appprojects', '-n', 'argocd'], 'no'],
    ['the worker', 'sees Deployments everywhere', worker, ['watch', 'deployments.apps', '-A'], 'yes'],
    ['the worker', 'writes Applications', worker, ['patch', 'applications', '-n', 'argocd'], 'yes'],
    ['the account of dev', 'can create a ConfigMap there', account('dev'), ['create', 'configmaps', '-n', `${shop}-dev`], 'yes'],
    ['the account of dev', 'cannot in staging', account('dev'), ['create', 'configmaps', '-n', `${shop}-staging`], 'no'],
    ['the account of dev', 'cannot change the namespace of staging', account('dev'), ['patch', `namespaces/${shop}-staging`], 'no'],
    ['the account of dev', 'cannot hand out rights', account('dev'), ['create', 'rolebindings', '-n', `${shop}-dev`], 'no'],
    ['the account of the root', 'cannot change itself', account('root'), ['patch', `applications/${shop}-root`, '-n', 'argocd'], 'no'],
    ['the account of the root', 'cannot read Secrets', account('root'), ['get', 'secrets', '-n', 'argocd'], 'no'],
  ])('%s %s', async (_who, _what, as, question, answer) => {
    // The watch role is put together by a controller a moment after it is applied.
    await eventually(async () => {
      const { stdout } = await run(here.kubectl, ['--kubeconfig', here.kubeconfigPath, 'auth', 'can-i', '--as', as, ...question]);
      expect(stdout.trim()).toBe(answer);
    });
  });
});

describe("the sample's own build", () => {
  const image = 'registry.example.com/bookstore/catalog';
  const digest = `sha256:${'5'.repeat(64)}`;
  let origin: string;

  beforeAll(async () => {
    origin = join(copy, '..', `${freshName('origin')}.git`);
    const git = (...args: string[]) =>
      succeed('git', ['-c', 'user.name=Test', '-c', 'user.email=test@example.com', ...args], { cwd: copy });
    await git('init', '-q', '-b', 'main');
    await git('add', '.');
    await git('commit', '-q', '-m', 'shop');
    await git('clone', '-q', '--bare', copy, origin);
  });

  afterAll(() => rm(origin, { recursive: true, force: true }));

  const script = (name: string, ...args: string[]) =>
    run(join(copy, 'ci', name), args, {
      env: { PATH: process.env['PATH'] ?? '', HOME: copy, GIT_URL: `file://${origin}`, KUSTOMIZE: here.kustomize },
    });
  const show = (path: string) => succeed('git', ['--git-dir', origin, 'show', `main:${path}`]);

  it('puts an image into one environment and says which commit that was', async () => {
    const { code, stdout, stderr } = await script('bump-image.sh', 'dev', image, digest);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.trim()).toBe((await succeed('git', ['--git-dir', origin, 'rev-parse', 'main'])).trim());
    expect(await show('overlays/dev/kustomization.yaml')).toContain(`digest: ${digest}`);
    const changed = await succeed('git', ['--git-dir', origin, 'show', '--name-only', '--format=%s', 'main']);
    expect(changed).toBe(`dev: run catalog ${digest}\n\noverlays/dev/kustomization.yaml\n`);
  });

  it('pushes nothing when the image is there already', async () => {
    const before = await succeed('git', ['--git-dir', origin, 'rev-parse', 'main']);
    expect(await script('bump-image.sh', 'dev', image, digest)).toMatchObject({ code: 0, stdout: '' });
    expect(await succeed('git', ['--git-dir', origin, 'rev-parse', 'main'])).toBe(before);
  });

  it('takes the digest on to the next environment', async () => {
    expect(await script('promote.sh', 'dev', 'staging', image)).toMatchObject({ code: 0, stderr: '' });
    expect(await show('overlays/staging/kustomization.yaml')).toContain(`digest: ${digest}`);
    expect(await show('overlays/prod/kustomization.yaml')).not.toContain(digest);
  });

  it.each([
    [
      'an image that the first environment runs by tag',
      ['promote.sh', 'dev', 'staging', 'registry.example.com/bookstore/orders'],
      'by digest',
    ],
    ['a tag in place of a digest', ['bump-image.sh', 'dev', image, '1.2.3'], 'not a digest'],
    ['an environment that is a path', ['bump-image.sh', '../base', image, digest], 'not an environment'],
    ['a missing argument', ['bump-image.sh', 'dev', image], 'usage'],
  ])('refuses %s', async (_, [name = '', ...args], says) => {
    const { code, stderr } = await script(name, ...args);
    expect(code).not.toBe(0);
    expect(stderr).toContain(says);
  });
});
