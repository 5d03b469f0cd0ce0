// Every field that names a path, given paths that lead out of the repository: refused with the path named, and nothing of what is there shown.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { ApplicationSource, ApplicationSpec } from '../../lib/model/application.ts';
import { InvalidInput } from '../../lib/model/errors.ts';
import { type Change, type GitRemote, startGitRemote } from '../support/git-remote.ts';
import { type Programs, render, renderPorts } from '../support/rendering.ts';

const { kubectl, helm, renderer } = inject('world');
/** The renderer is sealed; before the stock tools the plan is checked. */
const PROGRAMS: readonly Programs[] = [
  { kubectl, helm, renderer },
  { kubectl, helm },
];
const outside = mkdtempSync(join(tmpdir(), 'evk-paths-'));
const CANARY = 'canary-7f';
const cm = `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: b}\n`;
let remote: GitRemote;

beforeAll(async () => {
  remote = await startGitRemote();
  writeFileSync(join(outside, 'secret.yaml'), `apiVersion: v1\nkind: Secret\nmetadata: {name: ${CANARY}}\n`);
  writeFileSync(join(outside, 'kustomization.yaml'), `namePrefix: ${CANARY}-\n`);
  await remote.commit({
    'chart/Chart.yaml': 'apiVersion: v2\nname: c\nversion: 1.0.0\n',
    'chart/templates/cm.yaml': `${cm}  values: {{ .Values | toJson | quote }}\n`,
    'app/kustomization.yaml': 'resources: [cm.yaml]\n',
    'app/cm.yaml': cm,
    ...Object.fromEntries(
      Object.entries(KUSTOMIZATIONS).flatMap(([field, text]) =>
        PATHS.map((path, index) => [`${folderOf(field, index)}/kustomization.yaml`, `${text(path)}\n`]),
      ),
    ),
  });
});
afterAll(async () => {
  await remote.close();
  rmSync(outside, { recursive: true, force: true });
});

/** Where a path may try to lead: the folder beside a checkout, the machine's own files, another repository's checkout. */
const PATHS = [
  '../../secret.yaml',
  '../../../../../../../../../../../../etc/hostname',
  'sub/../../../secret.yaml',
  '/etc/hostname',
  '/proc/self/environ',
  join(outside, 'secret.yaml'),
];

/** Paths that begin with `/` are below the repository's root in these, so there they name a file that is not there. */
const FROM_ROOT: Readonly<Record<string, (path: string) => Partial<ApplicationSpec>>> = {
  'helm.valueFiles': (path) => ({ source: source({ path: 'chart', helm: { valueFiles: [path] } }) }),
  'helm.valueFiles as a glob': (path) => ({ source: source({ path: 'chart', helm: { valueFiles: [`${path}*`] } }) }),
  'helm.fileParameters': (path) => ({ source: source({ path: 'chart', helm: { fileParameters: [{ name: 'a', path }] } }) }),
  'helm.valueFiles of a ref': (path) => withRef({ valueFiles: [`$other/${path}`] }),
  'helm.fileParameters of a ref': (path) => withRef({ fileParameters: [{ name: 'a', path: `$other/${path}` }] }),
};

const FIELDS: Readonly<Record<string, (path: string) => Partial<ApplicationSpec>>> = {
  path: (path) => ({ source: source({ path }) }),
  'kustomize.components': (path) => ({ source: source({ path: 'app', kustomize: { components: [path] } }) }),
  'kustomize.patches': (path) => ({ source: source({ path: 'app', kustomize: { patches: [{ path, target: { kind: 'ConfigMap' } }] } }) }),
};

const KUSTOMIZATIONS: Readonly<Record<string, (path: string) => string>> = {
  resources: (path) => `resources: ["${path}"]`,
  bases: (path) => `bases: ["${path}"]`,
  components: (path) => `components: ["${path}"]`,
  crds: (path) => `crds: ["${path}"]`,
  configurations: (path) => `configurations: ["${path}"]`,
  openapi: (path) => `openapi: {path: "${path}"}`,
  generators: (path) => `generators: ["${path}"]`,
  transformers: (path) => `transformers: ["${path}"]`,
  validators: (path) => `validators: ["${path}"]`,
  'patches.path': (path) => `patches: [{path: "${path}"}]`,
  patchesStrategicMerge: (path) => `patchesStrategicMerge: ["${path}"]`,
  'patchesJson6902.path': (path) => `patchesJson6902: [{path: "${path}", target: {version: v1, kind: ConfigMap, name: a}}]`,
  'replacements.path': (path) => `replacements: [{path: "${path}"}]`,
  'configMapGenerator.files': (path) => `configMapGenerator: [{name: x, files: ["${path}"]}]`,
  'configMapGenerator.files with a key': (path) => `configMapGenerator: [{name: x, files: ["key=${path}"]}]`,
  'configMapGenerator.envs': (path) => `configMapGenerator: [{name: x, envs: ["${path}"]}]`,
  'configMapGenerator.env': (path) => `configMapGenerator: [{name: x, env: "${path}"}]`,
  'secretGenerator.files': (path) => `secretGenerator: [{name: x, files: ["${path}"]}]`,
  'secretGenerator.envs': (path) => `secretGenerator: [{name: x, envs: ["${path}"]}]`,
  'a generator written in the file': (path) =>
    `generators: ["{apiVersion: builtin, kind: ConfigMapGenerator, metadata: {name: x}, files: [${path}]}"]`,
};

/** Where the kustomization is whose field has the path of that index: as deep as `app`. */
function folderOf(field: string, index: number): string {
  return `${field.replaceAll(' ', '-')}-${index}`;
}

function source(fields: Partial<ApplicationSource>): ApplicationSource {
  return { repoURL: remote.url, ...fields };
}

function withRef(helmBlock: Readonly<Record<string, unknown>>): Partial<ApplicationSpec> {
  return { sources: [source({ path: 'chart', helm: helmBlock }), source({ ref: 'other' })] };
}

async function fault(spec: Partial<ApplicationSpec>, programs: Programs): Promise<Error> {
  return render('shop', spec, renderPorts(programs, join(outside, 'cache'))).then(
    ({ manifests }) => expect.fail(`rendered ${JSON.stringify(manifests)}`),
    (error: Error) => error,
  );
}

async function expectRefused(spec: Partial<ApplicationSpec>, named: string): Promise<void> {
  for (const programs of PROGRAMS) {
    const error = await fault(spec, programs);
    expect(error).toBeInstanceOf(InvalidInput);
    // Kustomize names some files by where they would be.
    expect(error.message).toContain(programs.renderer ? basename(named) : named);
    expect(error.message).not.toContain(CANARY);
  }
}

describe.each(Object.entries(FIELDS))('%s', (_field, spec) => {
  it.each(PATHS)('may not be %s', async (path) => expectRefused(spec(path), path));
});

describe.each(Object.entries(FROM_ROOT))('%s', (_field, spec) => {
  it.each(PATHS.filter((path) => !path.startsWith('/')))('may not be %s', async (path) => expectRefused(spec(path), path));
  it.each(PATHS.filter((path) => path.startsWith('/')))('finds %s below the repository only', async (path) =>
    expectRefused(spec(path), path),
  );
});

describe.each(Object.keys(KUSTOMIZATIONS))('%s of a kustomization', (field) => {
  it.each(PATHS)('may not name %s', async (path) =>
    expectRefused({ source: source({ path: folderOf(field, PATHS.indexOf(path)) }) }, path),
  );
});

describe('a link', () => {
  const targets = ['/proc/self/environ', '/tmp', join(outside, 'secret.yaml'), '../../secret.yaml', '/', '../..'];
  it.each(targets)('to %s is refused and named, whatever reads it', async (link) => {
    await expectLinkRefused({ 'app/evil.yaml': { link } }, 'app/evil.yaml');
    await expectLinkRefused({ 'chart/files': { link } }, 'chart/files');
  });

  it('is followed to its end: a chain that leaves at any step is refused', async () => {
    await expectLinkRefused(
      { 'app/a.yaml': { link: 'b.yaml' }, 'app/b.yaml': { link: 'c/d.yaml' }, 'app/c': { link: '../..' } },
      'app/a.yaml',
    );
    await expectLinkRefused({ 'app/a.yaml': { link: '../../x/tree/app/cm.yaml' } }, 'app/a.yaml');
    await expectLinkRefused({ 'app/a.yaml': { link: 'a.yaml' } }, 'app/a.yaml');
  });
});

async function expectLinkRefused(changes: Readonly<Record<string, Change>>, named: string): Promise<void> {
  await remote.commit(changes);
  await expectRefused({ source: source({ path: 'app' }) }, `repository contains out-of-bounds symlinks. file: ${named}`);
  await remote.commit(Object.fromEntries(Object.keys(changes).map((path) => [path, undefined])));
}

describe('plain files', () => {
  it('are refused when together they are too large', async () => {
    const big = `# ${'x'.repeat(6 * 1024 * 1024)}\n${cm}`;
    await remote.commit({ 'big/a.yaml': big });
    const { manifests } = await render(
      'shop',
      { source: source({ path: 'big' }) },
      renderPorts({ kubectl, helm, renderer }, join(outside, 'cache')),
    );
    expect(manifests).toHaveLength(1);
    await remote.commit({ 'big/b.yaml': big });
    await expectRefused({ source: source({ path: 'big' }) }, 'exceeded max combined manifest file size');
  });
});
