// The warm renderer process from our side: what it is given, and what becomes of requests when it is slow, dies, or wants to begin afresh.
// A stand-in plays the program where it has to misbehave.
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createRenderer, type RendererOptions } from '../../lib/adapters/renderer.ts';
import { InvalidInput, Unavailable } from '../../lib/model/errors.ts';
import type { RenderAnswer, RenderRequest } from '../../lib/model/rendering.ts';
import { KUSTOMIZE_JOB } from '../support/jobs.ts';

const { renderer: program } = inject('world');
let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'evk-renderer-test-'));
  writeFileSync(join(dir, 'kustomization.yaml'), 'resources: [cm.yaml]\n');
  writeFileSync(join(dir, 'cm.yaml'), 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n');
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** `say`: what the stand-in makes of it. */
function request(say = ''): RenderRequest {
  return { roots: { '': dir }, files: say === '' ? {} : { say }, allowed: [], job: KUSTOMIZE_JOB };
}

/** Answers each request by what its file `say` asks for, and notes in `log` how often it was started. */
function standIn(name: string, body: string, options: Partial<RendererOptions> = {}) {
  const path = join(dir, name);
  const text = `#!${process.execPath}
const { appendFileSync, readFileSync } = require('node:fs');
const { createInterface } = require('node:readline');
appendFileSync(${JSON.stringify(`${path}.log`)}, 'start ' + process.pid + '\\n');
const answer = (id, more) => process.stdout.write(JSON.stringify({ id, reads: {}, documents: [], ...more }) + '\\n');
process.stdout.write('{"ready":true}\\n');
createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, files } = JSON.parse(line);
  const say = files.say ?? '';
  ${body}
}).on('close', () => process.exit(0));
`;
  writeFileSync(path, text);
  chmodSync(path, 0o755);
  const starts = () =>
    readFileSync(`${path}.log`, 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('start'));
  return { renderer: createRenderer({ program: path, timeoutSeconds: 20, ...options }), starts };
}

const fault = (work: Promise<unknown>) =>
  work.then(
    () => expect.fail('nothing was thrown'),
    (error: Error) => error,
  );
const documentsOf = (answer: RenderAnswer) => (answer.kind === 'documents' ? answer.documents : []);

describe('the renderer itself', () => {
  it('renders many at once in one process', async () => {
    const real = createRenderer({ program, timeoutSeconds: 30 });
    const answers = await Promise.all(Array.from({ length: 50 }, () => real.render(request())));
    expect(answers.map(documentsOf)).toEqual(
      Array.from({ length: 50 }, () => [{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } }]),
    );
    expect(await real.version()).toMatch(/^renderer:[0-9a-f]{32}$/);
  });

  it('is another version when it is another program, whatever its size and time', async () => {
    const versions = ['one', 'two'].map(async (text) => {
      const path = join(dir, `version-${text}`);
      writeFileSync(path, text);
      utimesSync(path, 1, 1);
      return createRenderer({ program: path, timeoutSeconds: 1 }).version();
    });
    expect(new Set(await Promise.all(versions)).size).toBe(2);
  });

  it('says which setting names a program that is not there', async () => {
    const none = createRenderer({ program: 'no-such-renderer', timeoutSeconds: 1 });
    expect(await fault(none.render(request()))).toMatchObject({
      name: 'Unavailable',
      message: 'no-such-renderer is not there: install it, or name its path in EVENKEEL_RENDERER',
    });
  });
});

describe('a process', () => {
  it('has nothing of ours around it, and its folder goes with it', async () => {
    process.env['EVENKEEL_CANARY'] = 'canary-env';
    const { renderer } = standIn(
      'seen',
      'answer(id, { documents: [process.env, process.argv, process.cwd()] }); setTimeout(() => process.exit(0), 50);',
    );
    const [env, argv, cwd] = documentsOf(await renderer.render(request())) as [Record<string, string>, string[], string]; // the stand-in's own
    delete process.env['EVENKEEL_CANARY'];
    expect(JSON.stringify([env, argv])).not.toContain('canary');
    expect(
      Object.keys(env)
        .filter((name) => !/^(XDG|HELM)_/.test(name))
        .sort(),
    ).toEqual(['HOME', 'HTTPS_PROXY', 'HTTP_PROXY', 'LC_ALL', 'NO_PROXY', 'PATH', 'TMPDIR'].sort());
    expect(cwd).toBe(env['HOME']);
    await expect.poll(() => existsSync(cwd)).toBe(false);
  });

  it('is started once for many requests, and again after it ended to give memory back, with nobody to blame', async () => {
    const { renderer, starts } = standIn(
      'recycled',
      "answer(id, { documents: [say] }); if (say === 'last') setTimeout(() => process.exit(0), 20);",
      { parallel: 1 },
    );
    const says = ['a', 'b', 'last', 'c', 'd'];
    const answers = await Promise.all(says.map((say) => renderer.render(request(say))));
    expect(answers.flatMap(documentsOf)).toEqual(says);
    expect(starts().length).toBeLessThanOrEqual(2);
    await expect.poll(() => starts().length).toBeGreaterThanOrEqual(1);
  });

  it('takes answers that come in pieces, out of order, and of many megabytes', async () => {
    const { renderer } = standIn(
      'slow-lines',
      "setTimeout(() => answer(id, { documents: ['x'.repeat(say.length * 1000000), 'ä'] }), say.length === 1 ? 60 : 5);",
    );
    const [one, three] = await Promise.all(['a', 'bbb'].map((say) => renderer.render(request(say))));
    expect([one, three].map((answer) => (answer ? documentsOf(answer) : []).map((text) => String(text).length))).toEqual([
      [1_000_000, 1],
      [3_000_000, 1],
    ]);
  });

  it('that a request keeps busy beyond its time is ended with its children; its neighbours are asked again', async () => {
    const body =
      "if (say !== 'hang') return setTimeout(() => answer(id, { documents: [say] }), 300); const child = require('node:child_process').spawn('/bin/sleep', ['60']); appendFileSync(" +
      JSON.stringify(join(dir, 'child.pid')) +
      ', String(child.pid)); for (;;) {}';
    const { renderer, starts } = standIn('hanging', body, { timeoutSeconds: 1 });
    const hanging = fault(renderer.render(request('hang')));
    const others = ['fine', 'good'].map((say) => renderer.render(request(say)));
    const [hung, ...answers] = await Promise.all([hanging, ...others]);
    expect(hung).toBeInstanceOf(InvalidInput);
    expect(hung.message).toBe('`kustomize build ./` failed timeout after 1s');
    expect(answers.flatMap(documentsOf)).toEqual(['fine', 'good']);
    expect(starts().length).toBe(3);
    const child = readFileSync(join(dir, 'child.pid'), 'utf8');
    await expect.poll(() => existsSync(`/proc/${child}`) && !/\) [ZX]/.test(readFileSync(`/proc/${child}/stat`, 'utf8'))).toBe(false);
  });

  it.each([
    ['dies', 'process.kill(process.pid, "SIGSEGV")', 'failed: the renderer was ended by SIGSEGV'],
    ['ends', 'process.exit(7)', 'failed: the renderer ended with 7'],
    ['says that a render grew too large', 'process.exit(3)', 'failed: it takes more memory than a render may'],
  ])('that %s with a request is blamed on that one alone', async (how, act, message) => {
    const { renderer } = standIn(
      `bad-${how.slice(0, 4)}`,
      `if (say === 'bad') { ${act}; return; } setTimeout(() => answer(id, { documents: [say] }), 100);`,
    );
    const says = ['a', 'bad', 'b', 'c'];
    const outcomes = await Promise.allSettled(says.map((say) => renderer.render(request(say))));
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
    const [, bad] = outcomes;
    if (bad?.status === 'rejected')
      expect([bad.reason instanceof InvalidInput, bad.reason.message]).toEqual([true, `\`kustomize build ./\` ${message}`]);
  });

  it('that ends in order without an answer is blamed like any other', async () => {
    const { renderer, starts } = standIn('lazy', 'process.exit(0);');
    const outcomes = await Promise.all(['a', 'b'].map((say) => fault(renderer.render(request(say)))));
    expect(outcomes.map(({ message }) => message)).toEqual(Array(2).fill('`kustomize build ./` failed: the renderer ended with 0'));
    expect(starts().length).toBeLessThanOrEqual(3);
  });

  it('that cannot be started makes requests Unavailable', async () => {
    writeFileSync(join(dir, 'no-program'), 'this is no program');
    expect(await fault(createRenderer({ program: join(dir, 'no-program'), timeoutSeconds: 5 }).render(request()))).toBeInstanceOf(
      Unavailable,
    );
  });

  it('shows no folder of ours in what it says', async () => {
    const { renderer } = standIn('complains', `answer(id, { documents: undefined, error: 'no such file ${dir}/x' });`);
    expect((await fault(renderer.render(request()))).message).toBe(
      '`kustomize build ./` failed exit status 1: Error: no such file <path to cached source>/x',
    );
  });
});
