// Which phases end an operation (spec/application.md §7.1).
import { expect, test } from 'vitest';
import { isCompleted } from '../../../lib/model/operation.ts';

test.each([
  ['Running', false],
  ['Terminating', false],
  ['Failed', true],
  ['Error', true],
  ['Succeeded', true],
] as const)('%s ends it: %s', (phase, completed) => {
  expect(isCompleted(phase)).toBe(completed);
});
