// What serverless.yml says is to be packaged.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { packagePlan } from '../../../infra/package/plan.ts';

const LAYERS = { git: { package: { artifact: 'out/git.zip' } } };
const WORK = { handler: 'functions/work.handler', package: { artifact: 'out/work.zip' } };

test('functions and layers are read with their archives, and which layers a function has', () => {
  const functions = { work: { ...WORK, layers: [{ Ref: 'GitLambdaLayer' }] }, rest: { ...WORK, handler: 'functions/deep/rest.run' } };
  expect(packagePlan({ layers: LAYERS, functions })).toEqual({
    layers: [{ name: 'git', artifact: 'out/git.zip' }],
    functions: [
      { name: 'work', module: 'functions/work', artifact: 'out/work.zip', layers: ['git'] },
      { name: 'rest', module: 'functions/deep/rest', artifact: 'out/work.zip', layers: [] },
    ],
  });
});

test('a function without an archive is named, and so is one whose archive is no zip', () => {
  const functions = { one: { handler: 'functions/one.handler' }, two: { ...WORK, package: { artifact: 'out/two.tar' } } };
  expect(() => packagePlan({ functions })).toThrow(/functions\.one\.package: .*; functions\.two\.package\.artifact: is a \.zip/);
});

test('a layer that the file does not declare is named', () => {
  expect(() => packagePlan({ layers: LAYERS, functions: { work: { ...WORK, layers: [{ Ref: 'JavaLambdaLayer' }] } } })).toThrow(
    'serverless.yml: functions.work.layers: JavaLambdaLayer is none of the layers that the file declares',
  );
});

test('the project’s own file gives every function an archive, and just reconcile the tools', () => {
  const root = join(import.meta.dirname, '..', '..', '..');
  const { functions, layers } = packagePlan(parse(readFileSync(join(root, 'serverless.yml'), 'utf8')));
  expect(functions.map(({ name, layers: own }) => [name, ...own])).toEqual([
    ['webhook'],
    ['reconcile', 'kubectl', 'git', 'renderer'],
    ['later'],
    ['sweep'],
  ]);
  expect(layers.map(({ name }) => name)).toEqual(['kubectl', 'git', 'renderer']);
});
