// What a promise that must fail failed with.
import { expect } from 'vitest';
import { InvalidInput, type Unavailable } from '../../lib/model/errors.ts';

/** The message of the error; the test fails when there is none, or it is of another class. */
export async function refusal(work: Promise<unknown>, kind: typeof InvalidInput | typeof Unavailable = InvalidInput): Promise<string> {
  const error = await work.then(
    () => expect.fail('nothing was refused'),
    (thrown: Error) => thrown,
  );
  expect(error).toBeInstanceOf(kind);
  return error.message;
}
