// Plain manifests in the renderer: streams of YAML and JSON as kubectl reads them, and jsonnet programs.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, inject, it } from 'vitest';
import { run } from '../support/program.ts';
import { type FileAnswer, type Files, layOut, startRenderer } from '../support/renderer.ts';

const { kubectl, renderer } = inject('world');
const process = startRenderer(renderer);
afterAll(() => process.close());

/** What the renderer reads of the files, in their order, or of those named. */
async function read(files: Files, job: Readonly<Record<string, unknown>> = {}): Promise<readonly FileAnswer[]> {
  const source = layOut(files);
  const answer = await process.ask({ roots: { '': source.dir }, job: { type: 'files', folder: 'app', paths: Object.keys(files), ...job } });
  source.remove();
  return answer.files ?? expect.fail(JSON.stringify(answer));
}

const one = async (name: string, text: string) => (await read({ [name]: text }))[0];
const documents = (answer: FileAnswer | undefined) => answer?.documents.map(({ line, value }) => [line, value]);

describe('a stream of YAML', () => {
  it.each([
    [
      'holds one document after another',
      'a: 1\n---\nb: 2\n',
      [
        [1, { a: 1 }],
        [3, { b: 2 }],
      ],
    ],
    [
      'begins where its text begins',
      '# c\n\na: 1\n---\n\n# d\nb: 2\n',
      [
        [3, { a: 1 }],
        [7, { b: 2 }],
      ],
    ],
    ['leaves out what is empty or null', '---\n---\n# only a comment\n---\nnull\n---\n~\n---\na: 1\n---\n', [[9, { a: 1 }]]],
    [
      'may have a comment behind the separator',
      'a: 1\n--- # second\nb: 2\n---   \nc: 3',
      [
        [1, { a: 1 }],
        [3, { b: 2 }],
        [5, { c: 3 }],
      ],
    ],
    [
      'is parted at a separator in a block as well',
      'a: |\n  x\n---\nb: 2\n',
      [
        [1, { a: 'x\n' }],
        [4, { b: 2 }],
      ],
    ],
    [
      'reads YAML 1.1 as Go does',
      'a: yes\nb: 012\nc: 0x1F\nd: 1_000\ne: 2020-01-01\nf: 1e3\ng: "on"\n',
      [[1, { a: true, b: 10, c: 31, d: 1000, e: '2020-01-01', f: 1000, g: 'on' }]],
    ],
    ['takes the last of two equal keys', 'a: 1\na: 2\n', [[1, { a: 2 }]]],
    [
      'takes lists and scalars',
      '- 1\n---\ntext\n',
      [
        [1, [1]],
        [3, 'text'],
      ],
    ],
    [
      'has lines that end in CRLF',
      'a: 1\r\n---\r\nb: 2\r\n',
      [
        [1, { a: 1 }],
        [3, { b: 2 }],
      ],
    ],
    ['has anchors and merge keys', 'a: &x {b: 1}\nc: {<<: *x, d: 2}\n', [[1, { a: { b: 1 }, c: { b: 1, d: 2 } }]]],
  ])('%s', async (_name, text, expected) => {
    const answer = await one('app/a.yaml', text);
    expect(answer?.fault).toBeUndefined();
    expect(documents(answer)).toEqual(expected);
  });

  it.each([
    ['a mapping in a scalar', 'a: 1\n---\nb: 2\n---\n\nc: d: e\n', 6, 'mapping values are not allowed in this context'],
    ['a tab', 'a:\n\tb: 1\n', 2, 'found character that cannot start any token'],
    ['text behind a separator', 'a: 1\n--- b\n', 2, 'invalid Yaml document separator: b'],
    ['an alias of nothing', 'a: *b\n', 1, "unknown anchor 'b' referenced"],
  ])('ends at its first fault: %s', async (_name, text, line, message) => {
    const answer = await one('app/a.yaml', text);
    expect(answer?.fault).toEqual({ line, message });
    expect(documents(answer)).toEqual(
      text.startsWith('a: 1\n---\nb')
        ? [
            [1, { a: 1 }],
            [3, { b: 2 }],
          ]
        : text.startsWith('a: 1')
          ? [[1, { a: 1 }]]
          : [],
    );
  });

  it('is read as kubectl reads it', async () => {
    const meta = (name: string) => `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n`;
    const texts = [
      `${meta('a')}data:\n  on: "on"\n  block: |\n    --- no separator\n  folded: >-\n    a\n    b\n---\n${meta('b')}immutable: yes\n---\n# end\n`,
      `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}}\n{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"b"}}`,
      `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}}\n---\n${meta('b')}`,
      `  {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n---\n${meta('b')}`,
    ];
    for (const text of texts) {
      const source = layOut({ 'a.yaml': text });
      const args = ['annotate', '--local', '-f', 'a.yaml', '-o', 'json', 'read=by-kubectl'];
      const { stdout, stderr } = await run(kubectl, args, { cwd: source.dir, env: { HOME: source.dir } });
      source.remove();
      const expected: unknown[] = JSON.parse(`[${stdout.replaceAll(/\n\}\n\{/g, '\n},{')}]`);
      const values = (await one('app/a.yaml', text))?.documents.map(({ value }) => value);
      expect(values, stderr).toMatchObject(expected.map(withoutAnnotations));
      expect(values).toHaveLength(2);
    }
  });
});

function withoutAnnotations(object: unknown): unknown {
  return JSON.parse(JSON.stringify(object, (key, value) => (key === 'annotations' ? undefined : value)));
}

describe('JSON', () => {
  it('holds one value after another', async () => {
    expect(documents(await one('app/a.json', '{"a": 1}\n\n{"b": [null]}'))).toEqual([
      [1, { a: 1 }],
      [3, { b: [null] }],
    ]);
  });

  it('is not YAML in a file that is called .json', async () => {
    const answer = await one('app/a.json', '{"a": 1}\nb: 2\n');
    expect(answer).toMatchObject({ documents: [{ line: 1 }], fault: { line: 2, message: expect.stringContaining('invalid character') } });
  });

  it('that ends too early is a fault at its end', async () => {
    expect((await one('app/a.json', '{"a":\n1,\n'))?.fault).toMatchObject({ line: 3, message: 'unexpected EOF' });
  });
});

describe('a jsonnet program', () => {
  const jsonnet = (program: string, files: Files = {}, given: object = {}) =>
    read({ 'app/a.jsonnet': program, ...files }, { paths: ['app/a.jsonnet'], jsonnet: given }).then(([answer]) => answer);

  it('gives an object, or the items of an array', async () => {
    expect(documents(await jsonnet('{a: 1}'))).toEqual([[1, { a: 1 }]]);
    expect(documents(await jsonnet('[{a: 1}, null, {b: 2}]'))).toEqual([
      [1, { a: 1 }],
      [1, { b: 2 }],
    ]);
  });

  it('is given variables and arguments, as text or as code', async () => {
    const given = {
      extVars: [
        { name: 'text', value: '1 + 1', code: false },
        { name: 'code', value: '1 + 1', code: true },
      ],
      tlas: [
        { name: 'a', value: 'x' },
        { name: 'b', value: '{c: 3}', code: true },
      ],
    };
    const program = 'function(a, b) {text: std.extVar("text"), code: std.extVar("code"), a: a, b: b}';
    expect(documents(await jsonnet(program, {}, given))).toEqual([[1, { text: '1 + 1', code: 2, a: 'x', b: { c: 3 } }]]);
  });

  it('imports beside itself first, then from the last library, and last from the folder of the source', async () => {
    const files = {
      'app/deep/a.libsonnet': '{from: "deep", next: import "b.libsonnet"}',
      'app/b.libsonnet': '"folder"',
      'lib/b.libsonnet': '"lib"',
      'vendor/b.libsonnet': '"vendor"',
      'app/only.libsonnet': 'importstr "../text"',
      text: 'text',
    };
    const program = '[import "deep/a.libsonnet", {only: import "only.libsonnet", bytes: importbin "../text"}]';
    const answer = await jsonnet(program, files, { libs: ['vendor', 'lib'] });
    expect(answer?.fault).toBeUndefined();
    const bytes = [...Buffer.from('text')];
    expect(documents(answer)).toEqual([
      [1, { from: 'deep', next: 'lib' }],
      [1, { only: 'text', bytes }],
    ]);
  });

  it.each([
    ['does not parse', '{a: ', /^<path to cached source>\/app\/a\.jsonnet:1:\d+.*Unexpected/s],
    ['fails', 'error "no " + std.toString(1)', /^RUNTIME ERROR: no 1\n\t<path to cached source>\/app\/a\.jsonnet:1:1-/],
    ['imports nothing', 'import "none"', /couldn't open import "none": no match locally or in the Jsonnet library paths/],
    ['calls itself without end', 'local f(x) = f(x + 1) + 1; f(0)', /max stack frames exceeded/],
  ])('that %s says where', async (_name, program, message) => {
    expect(await jsonnet(program)).toMatchObject({ documents: [], fault: { line: 1, message: expect.stringMatching(message) } });
  });
});

describe('files', () => {
  it('come in the order asked, and one that is not there or not readable is a fault of its own', async () => {
    const answers = await read({ 'app/a.yaml': 'a: 1', 'app/folder/x': 'x' }, { paths: ['app/none', 'app/folder', 'app/a.yaml'] });
    expect(answers.map(({ path, fault }) => [path, fault?.message])).toEqual([
      ['app/none', 'open app/none: no such file or directory'],
      ['app/folder', 'read app/folder: is a directory'],
      ['app/a.yaml', undefined],
    ]);
  });

  it('are read no further than 64 MiB', async () => {
    const source = layOut({ 'app/x': '' });
    writeFileSync(join(source.dir, 'big.yaml'), Buffer.alloc(64 * 1024 * 1024 + 1, '#'));
    const { files } = await process.ask({ roots: { '': source.dir }, job: { type: 'files', folder: '', paths: ['big.yaml'] } });
    source.remove();
    expect(files?.[0]?.fault?.message).toBe('big.yaml is larger than 67108864 bytes');
  });
});
