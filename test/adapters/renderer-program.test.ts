// The renderer as a program: how it speaks, what one request can do to another, and where it gives up.
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { succeed } from '../support/program.ts';
import { type Answer, type Files, layOut, type RendererProcess, type Request, startRenderer } from '../support/renderer.ts';

const { helm, kustomize, renderer } = inject('world');
let process: RendererProcess;
const sources: ReturnType<typeof layOut>[] = [];
beforeAll(() => {
  process = startRenderer(renderer);
});
afterAll(async () => {
  for (const { remove } of sources) remove();
  await process.close();
});

/** A request about these files. */
function about(files: Files, job: Readonly<Record<string, unknown>>): Request {
  const source = layOut(files);
  sources.push(source);
  return { roots: { '': source.dir }, job };
}

const configMap = (name: string) => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\n`;
const overlay = (name: string) =>
  about(
    { 'app/kustomization.yaml': `resources: [cm.yaml]\nnamePrefix: ${name}-\n`, 'app/cm.yaml': configMap('a') },
    { type: 'kustomize', folder: 'app' },
  );
const kustomization = (files: Files) => about(files, { type: 'kustomize', folder: 'app' });
const template = (text: string) =>
  about(
    { 'Chart.yaml': 'apiVersion: v2\nname: a\nversion: 0.1.0\n', 'templates/a.yaml': text },
    { type: 'helm', folder: '', releaseName: 'r' },
  );
const settled = ({ id: _id, ...answer }: Answer) => JSON.stringify(answer);

describe('the renderer', () => {
  it('says first which tools it carries: those that it is held against', async () => {
    const { ready, ...versions } = await process.ready;
    const stock = {
      kustomize: (await succeed(kustomize, ['version'])).trim(),
      helm: (await succeed(helm, ['version', '--template', '{{.Version}}'])).trim(),
    };
    expect([ready, versions]).toEqual([true, { ...stock, jsonnet: expect.stringMatching(/^v\d+\.\d+\.\d+$/) }]);
  });

  it('answers many at once, each by its id, and ends when its input does', async () => {
    const own = startRenderer(renderer);
    const names = Array.from({ length: 60 }, (_none, at) => `app-${at}`);
    const answers = Promise.all(names.map((name) => own.ask(overlay(name))));
    expect(await own.close()).toBe(0);
    expect((await answers).map(({ documents }) => documents)).toMatchObject(names.map((name) => [{ metadata: { name: `${name}-a` } }]));
  });

  it('gives the same bytes for the same request', async () => {
    const request = kustomization({
      'app/kustomization.yaml': 'resources: [a.yaml, b.yaml]\nsecretGenerator: [{name: s, behavior: merge, literals: [a=b]}]\n',
      'app/a.yaml': configMap('a'),
      'app/b.yaml': configMap('b'),
    });
    const answers = await Promise.all(Array.from({ length: 8 }, () => process.ask(request)));
    const again = startRenderer(renderer);
    answers.push(await again.ask(request));
    await again.close();
    expect(new Set(answers.map(settled)).size).toBe(1);
  });

  it.each([
    ['what is no JSON', 'x\n', 'renderer: the request is not understood'],
    ['a job that nobody knows', '{"id":"odd","roots":{"":"/"},"job":{"type":"cdk"}}\n', 'renderer: no job is of type "cdk"'],
    ['a request without a root', '{"id":"odd","roots":{},"job":{"type":"helm"}}\n', 'renderer: the request has no root ""'],
    ['a job of another shape', '{"id":"odd","roots":{"":"/"},"job":{"type":"helm","set":{}}}\n', 'renderer: the job is not understood'],
  ])('answers %s with an error, and goes on', async (_name, line, error) => {
    const own = startRenderer(renderer);
    own.write(line);
    const { documents } = await own.ask(overlay('next'));
    expect(documents).toHaveLength(1);
    await own.close();
    expect(own.lines.map((text) => JSON.parse(text).error)).toContain(error);
  });

  it('says nothing but its lines', async () => {
    const own = startRenderer(renderer);
    await own.ask(
      kustomization({
        'app/kustomization.yaml': 'bases: ["git::x"]\ncommonLabels: {a: b}\nresources: [cm.yaml]\n',
        'app/cm.yaml': configMap('a'),
      }),
    );
    await own.close();
    expect(own.lines.every((line) => typeof JSON.parse(line) === 'object')).toBe(true);
  });
});

describe('one request', () => {
  it('leaves its schema to no other', async () => {
    const schema =
      '{"definitions": {"v1.Bee": {"properties": {"spec": {"properties": {"wings": {"type": "array", "items": {"type": "object"}, "x-kubernetes-patch-merge-key": "side", "x-kubernetes-patch-strategy": "merge"}}}}, "x-kubernetes-group-version-kind": [{"group": "bees.example", "kind": "Bee", "version": "v1"}]}}}';
    const bee =
      'apiVersion: bees.example/v1\nkind: Bee\nmetadata: {name: bee}\nspec: {wings: [{side: left, size: 1}, {side: right, size: 2}]}\n';
    const patch =
      'resources: [bee.yaml]\npatches:\n- patch: |-\n    apiVersion: bees.example/v1\n    kind: Bee\n    metadata: {name: bee}\n    spec: {wings: [{side: right, size: 3}]}\n';
    const files = { 'app/bee.yaml': bee, 'app/schema.json': schema };
    const withSchema = kustomization({ ...files, 'app/kustomization.yaml': `${patch}openapi: {path: schema.json}\n` });
    const without = kustomization({ ...files, 'app/kustomization.yaml': patch });
    const answers = await Promise.all(Array.from({ length: 40 }, (_none, at) => process.ask(at % 4 === 0 ? withSchema : without)));
    const wings = answers.map(({ documents }) => JSON.parse(JSON.stringify(documents?.[0])).spec.wings.length);
    expect(wings).toEqual(answers.map((_answer, at) => (at % 4 === 0 ? 2 : 1)));
  });

  it('that breaks a library fails alone', async () => {
    const patch = 'patches:\n- patch: |-\n    apiVersion: v1\n    kind: ConfigMap\n    metadata: {name: a}\n    data: {b: c}\n';
    const files = { 'app/cm.yaml': configMap('a'), 'app/schema.json': '{"definitions": 3' };
    const broken = kustomization({ ...files, 'app/kustomization.yaml': `resources: [cm.yaml]\nopenapi: {path: schema.json}\n${patch}` });
    const answers = await Promise.all([broken, overlay('beside'), broken, overlay('after')].map((request) => process.ask(request)));
    expect(answers.map(({ error, documents }) => error ?? documents?.length)).toEqual([
      expect.stringMatching(/^invalid schema file: /),
      1,
      expect.stringMatching(/^invalid schema file: /),
      1,
    ]);
  });

  it('tells no literal of a secret', async () => {
    const secrets = [
      'secretGenerator: [{name: s, literals: ["canary-without-key"]}]\n',
      'secretGenerator: [{name: s, literals: ["=canary"]}]\n',
      'secretGenerator: [{name: s, literals: ["password=canary-value"]}, {name: s, literals: ["password=canary-value"]}]\n',
      'secretGenerator: [{name: s, behavior: merge, literals: ["password=canary-value"]}]\n',
      'secretGenerator: [{name: s, literals: ["password=canary-value", "password=canary-more"]}]\n',
    ];
    for (const text of secrets) {
      const { error } = await process.ask(kustomization({ 'app/kustomization.yaml': text }));
      expect(error, text).toBeTruthy();
      expect(error, text).not.toContain('canary');
    }
  });
});

describe('what grows without end', () => {
  const grown = (inner: string) =>
    `a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n${Array.from({ length: 8 }, (_none, at) => `a${at + 1}: &a${at + 1} [${Array(10).fill(`*a${at}`).join(', ')}]\n`).join('')}${inner}`;
  const inBlock = grown('').replaceAll(/^/gm, '    ');
  const chart = { 'Chart.yaml': 'apiVersion: v2\nname: a\nversion: 0.1.0\n' };
  const helmJob = { type: 'helm', folder: '', releaseName: 'r' };

  it.each([
    ['aliases in a kustomization', kustomization({ 'app/kustomization.yaml': grown('') })],
    ['aliases in a resource', kustomization({ 'app/kustomization.yaml': 'resources: [a.yaml]\n', 'app/a.yaml': grown(configMap('a')) })],
    [
      'aliases in a patch',
      kustomization({ 'app/kustomization.yaml': `resources: [a.yaml]\npatches:\n- patch: |-\n${inBlock}`, 'app/a.yaml': configMap('a') }),
    ],
    ['aliases in values of a chart', about({ ...chart, 'values.yaml': grown('') }, helmJob)],
    ['aliases in values of the source', about(chart, { ...helmJob, values: grown('') })],
    ['aliases in a template', template(grown(configMap('a')))],
    ['aliases in a manifest', about({ 'a.yaml': grown('') }, { type: 'files', folder: '', paths: ['a.yaml'] })],
    ['a repeated text', template('a: {{ repeat 20000000000 "x" | len }}')],
    ['an indented text', template('a: {{ indent 1000000000 "x" | len }}')],
    ['a range of numbers', template('a: {{ until 2000000000 | len }}')],
    ['a range with steps', template('a: {{ untilStep -9223372036854775807 9223372036854775807 1 | len }}')],
    ['a text of numbers', template('a: {{ seq 1 1000000000 | len }}')],
    ['a text of numbers that go down', template('a: {{ seq -1000000000 | len }}')],
    ['a text of numbers with steps', template('a: {{ seq 1 2 1000000000 | len }}')],
    ['random text by randAlphaNum', template('a: {{ randAlphaNum 1000000000 | len }}')],
    ['random text by randAlpha', template('a: {{ randAlpha 1000000000 | len }}')],
    ['random text by randAscii', template('a: {{ randAscii 1000000000 | len }}')],
    ['random text by randNumeric', template('a: {{ randNumeric 1000000000 | len }}')],
    ['random text by randBytes', template('a: {{ randBytes 1000000000 | len }}')],
    ['a template that calls itself', template('{{ define "a" }}{{ template "a" . }}{{ end }}{{ template "a" . }}')],
    ['lists in lists', about({ 'a.yaml': '['.repeat(100_000) }, { type: 'files', folder: '', paths: ['a.yaml'] })],
    ['documents', template('{{ range until 20001 }}\n---\na: {{ . }}{{ end }}')],
    ['output', about({ 'a.json': JSON.stringify({ a: 'x'.repeat(34_000_000) }) }, { type: 'files', folder: '', paths: ['a.json'] })],
  ])('is refused by itself: %s', async (_name, request) => {
    const answer = await process.ask(request);
    const message = answer.error ?? answer.files?.[0]?.fault?.message;
    expect(message).toMatch(/excessive aliasing|more than|exceeded max/);
    expect(message?.length).toBeLessThan(1000);
  });

  it('makes as much as was asked for up to there', async () => {
    const text =
      'a: {{ seq 3 }} {{ seq 2 4 }} {{ seq 5 -2 1 }} {{ seq 1 0 3 }}{{ seq }}\nb: {{ randAlphaNum 1000 | len }} {{ randBytes 30 | len }}\nc: {{ printf "%1000000000d" 1 | len }}';
    const { documents } = await process.ask(template(text));
    expect(documents).toEqual([{ a: '1 2 3 2 3 4 5 3 1', b: '1000 40', c: 25 }]);
  });

  it('ends the process at the limit of its memory, with a code of its own', async () => {
    const own = startRenderer(renderer, ['-memory', '256']);
    const endless = '{{ define "a" }}{{ tpl "{{ template \\"a\\" . }}" . }}{{ end }}{{ template "a" . }}';
    void own.ask(template(endless)).catch(() => undefined);
    expect(await own.ended).toBe(3);
  });

  it('cannot take much more than that in one step', async () => {
    const own = startRenderer(renderer, ['-memory', '256']);
    void own.ask(template('a: {{ replace "x" (repeat 10000 "y") (repeat 1000000 "x") | len }}')).catch(() => undefined);
    expect([2, 3]).toContain(await own.ended);
  });

  it('makes room for a fresh process when it has nothing to do', async () => {
    const own = startRenderer(renderer, ['-recycle', '1']);
    expect((await own.ask(overlay('a'))).documents).toHaveLength(1);
    expect(await own.ended).toBe(0);
  });
});
