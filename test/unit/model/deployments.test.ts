// How deployments that an Application does not hold any more are asked for and told.
import { describe, expect, test } from 'vitest';
import {
  ALL_DEPLOYMENTS,
  deploymentsAnswerText,
  isDeploymentsQuestion,
  parseDeployment,
  parseDeploymentsAnswer,
} from '../../../lib/model/deployments.ts';

const source = { repoURL: 'https://git.example/shop.git', path: 'app', targetRevision: 'main' };
const entry = (id: number, more: object = {}) => ({ id, revision: 'a', source, deployedAt: '2026-11-22T10:00:00Z', ...more });
const told = (text: string) => parseDeploymentsAnswer(text)?.deployments;

describe('a question', () => {
  test.each([
    [ALL_DEPLOYMENTS, true],
    ['0', true],
    ['41', true],
    ['-1', false],
    ['4 1', false],
    ['', false],
    [undefined, false],
    [deploymentsAnswerText('41', []), false],
  ])('%j: %s', (text, is) => {
    expect(isDeploymentsQuestion(text)).toBe(is);
  });
});

describe('an answer', () => {
  test('gives one deployment whole, and all of them without what sources set', () => {
    const helm = { helm: { values: 'password: x' } };
    const whole = entry(1, { source: { ...source, ...helm } });
    const several = { id: 2, revisions: ['a', 'b'], sources: [{ ...source, ...helm }, source], deployedAt: '2026-11-22T11:00:00Z' };
    expect(parseDeploymentsAnswer(deploymentsAnswerText('1', [whole]))).toEqual({ asked: '1', deployments: [whole] });
    expect(told(deploymentsAnswerText(ALL_DEPLOYMENTS, [whole, several]))).toEqual([entry(1), { ...several, sources: [source, source] }]);
  });

  test('fits into an annotation: the newest are told', () => {
    const many = Array.from({ length: 5000 }, (_, id) => entry(id));
    const text = deploymentsAnswerText(ALL_DEPLOYMENTS, many);
    const ids = (told(text) ?? []).map(({ id }) => id);
    expect(text.length).toBeLessThan(100 * 1024);
    expect(ids.length).toBeGreaterThan(500);
    expect(ids).toEqual(many.slice(-ids.length).map(({ id }) => id));
    expect(told(deploymentsAnswerText('1', [entry(1, { revision: 'x'.repeat(200_000) })]))).toEqual([]);
  });

  test.each(['all', '7', 'null', '[]', '{"asked":"all"}', '{"deployments":[]}', '{', undefined])('is not %j', (text) => {
    expect(parseDeploymentsAnswer(text)).toBeUndefined();
  });

  test('leaves out what is no deployment', () => {
    expect(told('{"asked":"all","deployments":[1,null,{"id":"1"},{"id":2,"deployedAt":"now"}]}')).toEqual([{ id: 2, deployedAt: 'now' }]);
  });
});

test('what the store keeps is a deployment, or nothing', () => {
  expect(parseDeployment(JSON.stringify(entry(3)))).toEqual(entry(3));
  for (const text of [undefined, '', '{}', '{"id":1}']) expect(parseDeployment(text)).toBeUndefined();
});
