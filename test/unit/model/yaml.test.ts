import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvalidInput } from '../../../lib/model/errors.ts';
import { parseManifests, parseYaml, printYaml, readYaml } from '../../../lib/model/yaml.ts';
import { asRead } from '../../support/integers.ts';

const scalars: readonly (readonly [string, unknown])[] = [
  ['y', true],
  ['Yes', true],
  ['on', true],
  ['n', false],
  ['OFF', false],
  ['"yes"', 'yes'],
  ['~', null],
  ['', null],
  ['012', 10],
  ['0o14', 12],
  ['08', 8],
  ['1_000', 1000],
  ['0x1F', 31],
  ['-0b11', -3],
  ['+12', 12],
  ['9007199254740993', 9007199254740993n],
  ['-9_223_372_036_854_775_808', -9223372036854775808n],
  ['0x7fffffffffffffff', 9223372036854775807n],
  ['0777777777777777777777', 9223372036854775807n],
  ['18446744073709551615', 2 ** 64],
  ['1e3', 1000],
  ['.5', 0.5],
  ['1.', 1],
  ['2001-01-01', '2001-01-01'],
  ['12:30:00', '12:30:00'],
  ['1.2.3', '1.2.3'],
  ['!!str 1', '1'],
  ['!!binary aGk=', 'hi'],
];

describe('parseYaml', () => {
  it.each(scalars)('reads %j as Go does', (text, expected) => {
    expect(parseYaml(`value: ${text}`)).toEqual({ value: expected });
  });

  it('takes the last of duplicate keys', () => {
    expect(parseYaml('a: 1\na: 2')).toEqual({ a: 2 });
  });

  it('merges maps by <<, own keys first', () => {
    expect(parseYaml('base: &b {x: 1, y1: 1}\nown: {<<: *b, x: 2}')).toEqual({ base: { x: 1, y1: 1 }, own: { x: 2, y1: 1 } });
  });

  it('keeps a __proto__ key as plain data', () => {
    const value = parseYaml('__proto__: {polluted: true}');
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('reads empty text as null', () => {
    expect(parseYaml('# nothing\n')).toBeNull();
  });

  it('refuses a second document and says where', () => {
    expect(() => parseYaml('a: 1\n---\nb: 2\n', 'values.yaml')).toThrow(/values\.yaml.*line 3/);
  });

  it.each([
    ['a cycle', 'a: &x [*x]', /inside what it stands for/],
    ['infinity', 'a: .inf', /JSON/],
    ['deep nesting', `${'['.repeat(5000)}${']'.repeat(5000)}`, /maxDepth/],
  ])('refuses %s', (_what, text, reason) => {
    expect(() => parseYaml(text)).toThrow(reason);
  });

  it('leaves tags of another language aside', () => {
    expect(parseYaml('a: !!js/function "() => 1"\nb: !ref {c: 1}')).toEqual({ a: '() => 1', b: { c: 1 } });
  });

  it('keeps what a merge key brought or replaced in the order of the text', () => {
    const text = ['base: &base {a: 1, b: 1}', 'other: &other {b: 2}', 'both: {b: 0, <<: *base, <<: *other, a: 3}', 'text: [<<, "<<"]'];
    expect(parseYaml(text.join('\n'))).toMatchObject({ both: { b: 2, a: 3 }, text: ['<<', '<<'] });
    expect(() => parseYaml('a: 1\n---\nb: {<<: 1}', 'x.yaml')).toThrow('x.yaml": line 3: a merge key wants an object');
  });

  it('refuses an alias bomb at once', () => {
    const levels = Array.from({ length: 12 }, (_, i) => `l${i + 1}: &l${i + 1} [${Array(10).fill(`*l${i}`).join(', ')}]`);
    const started = performance.now();
    expect(() => parseYaml(['l0: &l0 x', ...levels].join('\n'))).toThrow(/aliases stand for more than/);
    expect(performance.now() - started).toBeLessThan(1000);
  });

  it('says nothing of the text itself in a fault', () => {
    const { fault } = readYaml('kind: Secret\nstringData: {password: canary-7f}\n  oops: [', 'secret.yaml');
    expect(fault).toBeInstanceOf(InvalidInput);
    expect(JSON.stringify([fault?.message, fault?.cause ?? null])).not.toContain('canary');
  });

  it('answers any text with data or InvalidInput', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'ab:-[]{}&*!|>\'"#%@`,?~<\n\t 0.'.split('')) }), (text) => {
        const { fault } = readYaml(text);
        expect(fault === undefined || fault instanceof InvalidInput).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('parseManifests', () => {
  it('reads every document and skips empty ones', () => {
    const text = '# head\n---\napiVersion: v1\nkind: A\nmetadata: {name: x}\n---\n---\nnull\n--- {apiVersion: v1, kind: B}\n';
    expect(parseManifests(text, 'f.yaml').map((manifest) => manifest.kind)).toEqual(['A', 'B']);
  });

  it('takes no longer for a document because it stands among thousands', () => {
    const document =
      'apiVersion: shop.example.com/v1\nkind: Shelf\nmetadata: {name: a.b, labels: {app.kubernetes.io/name: a}}\nspec: {v: 1.2.3}\n';
    const started = performance.now();
    expect(parseManifests(Array(20_000).fill(document).join('---\n'), 'f.yaml')).toHaveLength(20_000);
    expect(performance.now() - started).toBeLessThan(5000);
  });

  it.each([
    ['a syntax error', 'apiVersion: v1\nkind: A\nspec: a: b\n', 3, 'bad indentation'],
    ['a missing kind', 'apiVersion: v1\nkind: A\n---\n\napiVersion: v1\n', 5, "Object 'Kind' is missing"],
    ['a missing apiVersion', 'kind: A\n', 1, 'A has no apiVersion'],
    ['a document that is a text', 'kind: A\napiVersion: v1\n---\nhello\n', 4, 'no object'],
    [
      'an unquoted annotation',
      'apiVersion: v1\nkind: A\nmetadata: {name: x, annotations: {a: 1}}',
      1,
      'A x: metadata.annotations: the value of a',
    ],
    ['a number for a name', 'apiVersion: v1\nkind: A\nmetadata: {name: 1}', 1, 'metadata.name is no text'],
  ])('names file and line of %s', (_what, text, line, reason) => {
    expect(() => parseManifests(text, 'dir/f.yaml')).toThrow(`Failed to unmarshal "dir/f.yaml": line ${line}: `);
    expect(() => parseManifests(text, 'dir/f.yaml')).toThrow(reason);
  });
});

describe('printYaml', () => {
  it('prints what parseYaml reads back, whatever the data', () => {
    const key = fc.string().filter((text) => text !== '<<' && text !== '__proto__');
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        fc.string({ unit: fc.constantFrom(...'yYnNoOfFeE01289_.-+xXb:#\'"\n \\'.split('')) }),
        fc.string(),
        fc.constantFrom(...scalars.map(([text]) => text)),
        fc.boolean(),
        fc.integer(),
        fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((long) => (Number.isSafeInteger(Number(long)) ? Number(long) : long)),
        fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => (number === 0 ? 0 : asRead(number))),
        fc.constant(null),
        fc.array(tie('value')),
        fc.dictionary(key, tie('value'), { noNullPrototype: true }),
      ),
    }));
    fc.assert(
      fc.property(value, (data) => {
        expect(parseYaml(printYaml({ data }))).toEqual({ data });
      }),
      { numRuns: 1000 },
    );
  });

  it('writes long lines whole and text blocks as blocks', () => {
    const long = 'word '.repeat(60).trim();
    expect(printYaml({ a: [9007199254740993n, '9007199254740993'] })).toBe('a:\n  - 9007199254740993\n  - "9007199254740993"\n');
    expect(printYaml({ long, block: 'a\nb\n' })).toBe(`long: ${long}\nblock: |\n  a\n  b\n`);
  });
});
