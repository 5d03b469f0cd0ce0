// What a deletion may do next.
import { describe, expect, it } from 'vitest';
import type { Application } from '../../../lib/model/application.ts';
import type { LiveObject } from '../../../lib/model/manifest.ts';
import {
  approvalMessage,
  deletionStep,
  leavingSeconds,
  retrySeconds,
  stuckMessage,
  unfinishedMessage,
} from '../../../lib/policy/deletion.ts';

const DELETED = '2026-11-02T10:00:00Z';

interface Wanted {
  readonly approved?: string;
  readonly syncOptions?: readonly string[];
  readonly status?: Application['status'];
}

function application({ approved, syncOptions = [], status }: Wanted = {}): Application {
  const annotations = approved === undefined ? {} : { 'argocd.argoproj.io/deletion-approved': approved };
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { name: 'web', namespace: 'argocd', deletionTimestamp: DELETED, annotations },
    spec: { project: 'default', destination: {}, syncPolicy: { syncOptions } },
    ...(status ? { status } : {}),
  };
}

const live = (name: string, annotations: Readonly<Record<string, string>> = {}, extra: object = {}): LiveObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'shop', annotations, ...extra },
});
const option = (text: string) => ({ 'argocd.argoproj.io/sync-options': text });
const wave = (number: string) => ({ 'argocd.argoproj.io/sync-wave': number });

describe('deletionStep', () => {
  it('is done when nothing is left', () => {
    expect(deletionStep(application(), [])).toEqual({ kind: 'done' });
  });

  it('deletes the last wave, all of it', () => {
    const [a, b, c] = [live('a', wave('-1')), live('b', wave('2')), live('c', wave('2'))];
    expect(deletionStep(application(), [a, b, c])).toEqual({ kind: 'delete', objects: [b, c] });
  });

  it('waits for what is on its way', () => {
    const leaving = live('b', {}, { deletionTimestamp: DELETED });
    expect(deletionStep(application(), [live('a'), leaving])).toEqual({ kind: 'leaving', objects: [leaving] });
  });

  it.each(['Delete=confirm', 'Prune=confirm'])('asks for approval where an object says %s, and touches no other one before', (text) => {
    const asking = live('a', option(text));
    expect(deletionStep(application(), [asking, live('z', wave('5'))])).toEqual({ kind: 'unconfirmed', objects: [asking] });
  });

  it('asks for approval of all where the Application says so, but of an object with an option of its own', () => {
    const all = application({ syncOptions: ['Delete=confirm'] });
    expect(deletionStep(all, [live('a')]).kind).toBe('unconfirmed');
    expect(deletionStep(all, [live('a', option('Delete=true'))]).kind).toBe('delete');
  });

  it('asks for approval where the last comparison found that Git wants it', () => {
    const row = { version: 'v1', kind: 'ConfigMap', namespace: 'shop', name: 'a', requiresDeletionConfirmation: true };
    expect(deletionStep(application({ status: { resources: [row] } }), [live('a')]).kind).toBe('unconfirmed');
  });

  it.each([
    ['since the deletion', DELETED, 'delete'],
    ['before the deletion, for a prune,', '2026-11-02T09:59:59Z', 'unconfirmed'],
    ['at no time that can be read', 'yes', 'unconfirmed'],
  ])('takes an approval that was given %s for what it is', (_, approved, kind) => {
    expect(deletionStep(application({ approved }), [live('a', option('Delete=confirm'))]).kind).toBe(kind);
  });
});

describe('leavingSeconds', () => {
  it.each([
    [0, 1],
    [-5, 1],
    [9, 2],
    [60, 15],
    [7200, 30],
  ])('%d seconds after the deletion, looks again after %d', (elapsed, seconds) => {
    expect(leavingSeconds(application(), Date.parse(DELETED) + elapsed * 1000)).toBe(seconds);
  });
});

describe('retrySeconds', () => {
  it.each([
    [0, 30],
    [1000, 100],
    [7200, 300],
  ])('%d seconds after the deletion, tries again after %d', (elapsed, seconds) => {
    expect(retrySeconds(application(), Date.parse(DELETED) + elapsed * 1000)).toBe(seconds);
  });
});

describe('stuckMessage', () => {
  const held = live('a', {}, { deletionTimestamp: DELETED, finalizers: ['example.com/hold'] });

  it('has nothing to say of what has just begun to go', () => {
    expect(stuckMessage([held], Date.parse(DELETED) + 119_000)).toBeUndefined();
  });

  it('names what does not go, its finalizers and the way out', () => {
    expect(stuckMessage([held], Date.parse(DELETED) + 120_000)).toBe(
      'waiting for objects that are being deleted and do not go: ConfigMap shop/a (finalizers example.com/hold): mend what answers for their finalizers, or remove those from metadata.finalizers',
    );
  });

  it('names so many and counts the others', () => {
    const many = Array.from({ length: 23 }, () => held);
    expect(stuckMessage(many, Date.parse(DELETED) + 120_000)).toContain(' and 3 more: ');
  });
});

it('approvalMessage names the objects and the annotation', () => {
  expect(approvalMessage([live('a')])).toBe(
    'waiting for approval to delete ConfigMap shop/a: annotate the Application with argocd.argoproj.io/deletion-approved=<time in RFC 3339>',
  );
});

describe('unfinishedMessage', () => {
  const hook = (metadata: object): LiveObject => ({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { namespace: 'shop', name: 'backup', creationTimestamp: DELETED, ...metadata },
  });

  it('is silent about a hook that runs for less than ten minutes, and about one that is leaving', () => {
    expect(unfinishedMessage([hook({})], Date.parse(DELETED) + 599_000)).toBeUndefined();
    expect(unfinishedMessage([hook({ deletionTimestamp: DELETED })], Date.parse(DELETED) + 600_000)).toBeUndefined();
  });

  it('names the hook, and the way out', () => {
    expect(unfinishedMessage([hook({})], Date.parse(DELETED) + 600_000)).toBe(
      'waiting for completion of hooks that have run for more than 10 minutes: batch/Job shop/backup: end them, or take them out of Git',
    );
  });
});
