// What the renderer may see: nothing outside the folders that a request names, whichever path leads there.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type Answer, type Files, layOut, startRenderer } from '../support/renderer.ts';

const CANARY = 'canary-of-another-checkout';
const MANIFEST = `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${CANARY}}\n`;
const CHART = 'apiVersion: v2\nname: shop\nversion: 0.1.0\n';
const PRINTS_FILES = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {files: {{ .Files.Get "x" | quote }}}\n';

const process = startRenderer(inject('world').renderer);
let other: ReturnType<typeof layOut>;
beforeAll(() => {
  other = layOut({ 'secret.yaml': MANIFEST, 'kustomization.yaml': 'resources: [secret.yaml]\n', 'Chart.yaml': CHART, x: CANARY });
});
afterAll(async () => {
  other.remove();
  await process.close();
});

async function ask(files: Files, job: Readonly<Record<string, unknown>>, more: Readonly<Record<string, unknown>> = {}): Promise<Answer> {
  const source = layOut(files);
  try {
    return await process.ask({ roots: { '': source.dir }, job, ...more });
  } finally {
    source.remove();
  }
}

const kustomize = (kustomization: string, files: Files = {}): readonly [Files, Readonly<Record<string, unknown>>] => [
  { 'app/kustomization.yaml': kustomization, ...files },
  { type: 'kustomize', folder: 'app' },
];
const chart = (files: Files, job: Readonly<Record<string, unknown>> = {}): readonly [Files, Readonly<Record<string, unknown>>] => [
  { 'app/Chart.yaml': CHART, 'app/templates/a.yaml': PRINTS_FILES, ...files },
  { type: 'helm', folder: 'app', releaseName: 'r', ...job },
];
const plain = (path: string, files: Files = {}): readonly [Files, Readonly<Record<string, unknown>>] => [
  { 'app/b.yaml': 'a: 1\n', ...files },
  { type: 'files', folder: 'app', paths: [path] },
];

/** Where a path leads that must not be followed; `elsewhere` is another checkout. */
const targets = (elsewhere: string): readonly (readonly [string, string])[] => [
  ['up and out', `../../${elsewhere.slice(5)}/secret.yaml`],
  ['an absolute path', `${elsewhere}/secret.yaml`],
  ['a process', '/proc/self/environ'],
];

describe('a path that leads outside', () => {
  const sources: readonly (readonly [string, (path: string) => readonly [Files, Readonly<Record<string, unknown>>]])[] = [
    ['a resource', (path) => kustomize(`resources: ["${path}"]\n`)],
    ['a base', (path) => kustomize(`resources: ["${path.replace('/secret.yaml', '')}"]\n`)],
    ['a component', (path) => kustomize(`components: ["${path}"]\n`)],
    ['a patch', (path) => kustomize(`patches: [{path: "${path}"}]\n`)],
    ['a generated file', (path) => kustomize(`configMapGenerator: [{name: a, files: ["${path}"]}]\n`)],
    ['an env file', (path) => kustomize(`secretGenerator: [{name: a, envs: ["${path}"]}]\n`)],
    ['a configuration', (path) => kustomize(`resources: []\nconfigurations: ["${path}"]\n`)],
    ['a definition', (path) => kustomize(`resources: []\ncrds: ["${path}"]\n`)],
    ['a schema', (path) => kustomize(`resources: []\nopenapi: {path: "${path}"}\n`)],
    ['a generator', (path) => kustomize(`generators: ["${path}"]\n`)],
    [
      'the file of a generator',
      (path) =>
        kustomize('generators: [g.yaml]\n', {
          'app/g.yaml': `apiVersion: builtin\nkind: ConfigMapGenerator\nmetadata: {name: a}\nfiles: ["${path}"]\n`,
        }),
    ],
    [
      'a resource without restrictions',
      (path) => {
        const [files, job] = kustomize(`resources: ["${path}"]\n`);
        return [files, { ...job, loadRestrictionsNone: true }];
      },
    ],
    ['the folder of a kustomization', (path) => [{ 'app/x': 'x' }, { type: 'kustomize', folder: path.replace('/secret.yaml', '') }]],
    ['the folder of a chart', (path) => [{ 'app/x': 'x' }, { type: 'helm', folder: path.replace('/secret.yaml', ''), releaseName: 'r' }]],
    ['a value file', (path) => chart({}, { valueFiles: [{ root: '', path }] })],
    ['a value file of a root that is not there', (path) => chart({}, { valueFiles: [{ root: 'other', path }] })],
    ['a file for a value', (path) => chart({}, { setFiles: [{ name: 'a', file: { root: '', path } }] })],
    [
      'a dependency',
      (path) => chart({ 'app/Chart.yaml': `${CHART}dependencies: [{name: x, version: "*", repository: "file://${path}"}]\n` }),
    ],
    ['a schema of values', (path) => chart({ 'app/values.schema.json': `{"$ref": "file://${path}"}` })],
    [
      'a fetched chart',
      (path) =>
        chart(
          { 'app/Chart.yaml': `${CHART}dependencies: [{name: x, version: "1", repository: "https://c.example"}]\n` },
          { charts: { 'https://c.example|x|1': { root: '', path } } },
        ),
    ],
    [
      'a remote base',
      (path) => {
        const [files, job] = kustomize('resources: ["https://g.example/o/r"]\n');
        return [files, { ...job, remotes: { 'https://g.example/o/r': { root: '', path } } }];
      },
    ],
    ['a manifest', (path) => plain(path)],
    ['an import', (path) => plain('app/a.jsonnet', { 'app/a.jsonnet': `importstr '${path}'` })],
    [
      'a library',
      (path) => {
        const [files, job] = plain('app/a.jsonnet', { 'app/a.jsonnet': `importstr 'secret.yaml'` });
        return [files, { ...job, jsonnet: { libs: [path.replace('/secret.yaml', '')] } }];
      },
    ],
  ];

  it.each(sources)('is not followed from %s', async (_name, source) => {
    for (const [kind, path] of targets(other.dir)) {
      const answer = await ask(...source(path));
      const text = JSON.stringify(answer);
      expect(text, kind).not.toContain(CANARY);
      expect(answer.documents, kind).toBeUndefined();
      const message = answer.error ?? answer.files?.[0]?.fault?.message;
      expect(message, kind).toMatch(
        /outside|not in or below|cannot be absolute|no root|network is closed|not a directory|couldn't|not found/,
      );
    }
  });

  it.each(sources)('is not followed by a symbolic link in the place of %s', async (_name, source) => {
    for (const [kind, target] of [...targets(other.dir), ['a chain', 'second'], ['itself', 'link']] as const) {
      const [files, job] = source('link');
      const isLinkThere = !JSON.stringify(job).includes('"folder":"link"');
      const at = isLinkThere ? 'app/link' : 'link';
      const second = { link: `${other.dir}/secret.yaml` };
      const jobAt = JSON.parse(JSON.stringify(job).replaceAll('"path":"link"', '"path":"app/link"').replaceAll('["link"]', '["app/link"]'));
      const answer = await ask({ ...files, [at]: { link: target }, 'app/second': second, second }, jobAt);
      expect(JSON.stringify(answer), kind).not.toContain(CANARY);
      expect(answer.documents, kind).toBeUndefined();
      expect(answer.error ?? answer.files?.[0]?.fault?.message, kind).toBeTruthy();
    }
  });

  it('names the path, and clamps nothing', async () => {
    const { error } = await ask(...kustomize('resources: [../../../../../../../app/cm.yaml]\n', { 'cm.yaml': MANIFEST }));
    expect(error).toContain("accumulating resources from '../../../../../../../app/cm.yaml': evalsymlink failure on '/app/cm.yaml'");
    expect(error).toContain('leads outside the repository');
  });

  it('is not followed inside a chart', async () => {
    for (const link of [`${other.dir}/x`, `../../${other.dir.slice(5)}/x`]) {
      const answer = await ask(...chart({ 'app/x': { link } }));
      expect(answer.error).toBe('app/x leads outside the repository');
    }
  });

  it('shows no folder of the machine in a message', async () => {
    const { error } = await ask({}, { type: 'kustomize', folder: 'app' });
    expect(error).toMatch(/<path to cached source>\/app/);
    expect(JSON.stringify(await process.ask({ roots: { '': '/no/such/folder' }, job: { type: 'files', paths: [] } }))).not.toContain(
      '/no/such',
    );
  });
});

describe('inside the repository', () => {
  it('symbolic links are followed, one after another and through folders', async () => {
    const answer = await ask(
      ...kustomize('resources: [../links/cm.yaml]\n', {
        links: { link: 'app/inner' },
        'app/inner/cm.yaml': { link: '../../app/real/cm.yaml' },
        'app/real/cm.yaml': MANIFEST,
      }),
    );
    expect(answer.documents).toHaveLength(1);
    expect(answer.reads['']).toEqual(expect.arrayContaining(['links', 'app/inner/cm.yaml', 'app/real/cm.yaml']));
  });

  it('texts of the request win over files, and make their folders', async () => {
    const files = {
      'app/kustomization.yaml': 'resources: [cm.yaml, more]\n',
      'app/more/kustomization.yaml': 'resources: [../../new/deep/x.yaml]\n',
      'new/deep/x.yaml': MANIFEST,
    };
    const job = { type: 'kustomize', folder: 'app', loadRestrictionsNone: true };
    const { documents, error } = await ask(
      { 'app/kustomization.yaml': 'resources: [none.yaml]\n', 'app/cm.yaml': MANIFEST.replace(CANARY, 'on-disk') },
      job,
      { files },
    );
    expect(error).toBeUndefined();
    expect(documents).toMatchObject([{ metadata: { name: CANARY } }, { metadata: { name: 'on-disk' } }]);
  });

  it('a text stands where a symbolic link of its path leads', async () => {
    const source = { app: { link: 'real/app' }, 'real/app/kustomization.yaml': 'resources: [none.yaml]\n', 'real/app/cm.yaml': MANIFEST };
    const { documents } = await ask(
      source,
      { type: 'kustomize', folder: 'app' },
      { files: { 'app/kustomization.yaml': 'resources: [cm.yaml]\n' } },
    );
    expect(documents).toHaveLength(1);
  });
});

describe('the network', () => {
  it('is reached by no source of any kind', async () => {
    let connections = 0;
    const server = createServer((_request, response) => response.end(MANIFEST)).on('connection', () => {
      connections += 1;
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // a server that listens on a port has such an address
    const sources = [
      kustomize(`resources: ["${url}/a.yaml"]\n`),
      kustomize('transformers: [t.yaml]\n', {
        'app/t.yaml': `apiVersion: builtin\nkind: PatchTransformer\nmetadata: {name: a}\npath: ${url}/a.yaml\n`,
      }),
      kustomize('generators: [g.yaml]\n', {
        'app/g.yaml': `apiVersion: builtin\nkind: ConfigMapGenerator\nmetadata: {name: a}\nfiles: ["${url}/a.yaml"]\n`,
      }),
      chart({ 'app/values.schema.json': `{"$ref": "${url}/schema.json"}` }),
      chart({ 'app/templates/host.yaml': '{{ getHostByName "localhost" | required "no host" }}' }),
      plain('app/a.jsonnet', { 'app/a.jsonnet': `import '${url}/a.libsonnet'` }),
    ];
    const answers = await Promise.all(sources.map(([files, job]) => ask(files, job)));
    await new Promise((resolve) => server.close(resolve));
    expect(connections).toBe(0);
    expect(answers[0]?.needs).toEqual([{ kind: 'remote', text: `${url}/a.yaml` }]);
    const messages = answers.slice(1).map((answer) => answer.error ?? answer.files?.[0]?.fault?.message ?? '');
    expect(messages.map((message) => message.includes('network is closed'))).toEqual([true, true, true, false, false]);
    expect(messages[3]).toContain('no host');
  });
});
