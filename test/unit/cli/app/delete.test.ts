import { describe, expect, it } from 'vitest';
import { questions } from '../../../../lib/cli/app/delete.ts';
import { recordingShell } from '../shell.ts';

const refs = ['a', 'b', 'c'].map((name) => ({ namespace: 'argocd', name }));

/** What is decided for each Application, and how often somebody was asked. */
async function decided(answers: readonly string[], several: boolean, asked = true): Promise<{ deleted: boolean[]; asked: number }> {
  const recording = recordingShell(0, answers);
  const decide = questions(recording.shell, several, asked);
  const deleted: boolean[] = [];
  for (const ref of several ? refs : refs.slice(0, 1)) deleted.push(await decide(ref));
  return { deleted, asked: recording.written().split('Are you sure').length - 1 };
}

describe('whether an Application is deleted', () => {
  it('is asked one by one', async () => {
    expect(await decided(['y', 'N', 'yes'], true)).toEqual({ deleted: [true, false, true], asked: 3 });
  });

  it('is asked no more once somebody has answered for all', async () => {
    expect(await decided(['n', 'a'], true)).toEqual({ deleted: [false, true, true], asked: 2 });
  });

  it('is asked again until the answer can be understood', async () => {
    expect(await decided(['maybe', '', 'y'], false)).toEqual({ deleted: [true], asked: 3 });
  });

  it('cannot be answered for all where there is only one', async () => {
    expect(await decided(['a', 'n'], false)).toEqual({ deleted: [false], asked: 2 });
  });

  it('is not asked when nobody is to be asked', async () => {
    expect(await decided([], true, false)).toEqual({ deleted: [true, true, true], asked: 0 });
  });
});
