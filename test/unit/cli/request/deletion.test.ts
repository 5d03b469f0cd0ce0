import { describe, expect, it } from 'vitest';
import { deletionRefusal, finalizersFor } from '../../../../lib/cli/request/deletion.ts';

const PLAIN = 'resources-finalizer.argocd.argoproj.io';
const OTHER = 'example.com/keep';

describe('a deletion that is refused', () => {
  it.each([
    [{ cascade: true, policy: 'sideways' }, 'invalid propagation policy: sideways'],
    [{ cascade: false, policy: 'background' }, 'cannot set propagation policy when cascading is disabled'],
    [{ cascade: true, policy: 'constructor' }, 'invalid propagation policy: constructor'],
    [{ cascade: true, policy: 'foreground' }, undefined],
    [{ cascade: false, policy: '' }, undefined],
  ])('%o', (request, refusal) => {
    expect(deletionRefusal(request)).toBe(refusal);
  });
});

describe('finalizers before a deletion', () => {
  it.each([
    ['the plain one is added', [OTHER], { cascade: true, policy: '' }, [OTHER, PLAIN]],
    ['that of a policy is added', [], { cascade: true, policy: 'background' }, [`${PLAIN}/background`]],
    ['one that is there stays beside another', [PLAIN], { cascade: true, policy: 'foreground' }, [PLAIN, `${PLAIN}/foreground`]],
    ['nothing is written when it is there', [OTHER, PLAIN], { cascade: true, policy: '' }, undefined],
    ['all cascading ones go without cascade', [PLAIN, OTHER, `${PLAIN}/background`], { cascade: false, policy: '' }, [OTHER]],
    ['nothing is written when there is none to take away', [OTHER], { cascade: false, policy: '' }, undefined],
  ])('%s', (_case, present, request, expected) => {
    expect(finalizersFor(present, request)).toEqual(expected);
  });
});
