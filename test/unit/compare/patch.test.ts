import { describe, expect, it } from 'vitest';
import { compare } from '../../../lib/compare/compare.ts';
import { maskedSecrets } from '../../../lib/compare/mask.ts';
import { pairObjects } from '../../../lib/compare/pair.ts';
import { differenceOf } from '../../../lib/compare/patch.ts';
import { ignoreRules } from '../../../lib/compare/system-rules.ts';
import { LAST_APPLIED, TRACKING_ID } from '../../../lib/model/annotations.ts';
import type { LiveObject, Manifest } from '../../../lib/model/manifest.ts';
import { DEFAULT_RESOURCE_SETTINGS } from '../../../lib/model/resource-settings.ts';
import { casesOf } from '../../support/cases.ts';

const rules = {
  application: 'argocd/bookstore',
  instanceName: 'bookstore',
  ignoreDifferences: [{ kind: '*', jsonPointers: ['/data/ignored'] }, ...ignoreRules(DEFAULT_RESOURCE_SETTINGS)],
  syncOptions: [],
};

function object(kind: string, fields: object, metadata: object = {}): Manifest {
  const annotations = { [TRACKING_ID]: `bookstore:/${kind}:shop/it` };
  return { apiVersion: 'v1', kind, metadata: { name: 'it', namespace: 'shop', annotations, ...metadata }, ...fields };
}

/** The difference of the one row that the two make. */
function difference(target: Manifest | undefined, live: LiveObject | undefined, predicted?: LiveObject) {
  const { resources } = compare(pairObjects(target ? [target] : [], live ? [live] : []), new Map(), rules);
  const [row] = resources;
  if (!row) throw new Error('no row');
  return differenceOf(row, predicted, rules);
}

const applied = (fields: object) => ({ managedFields: [{ manager: 'evenkeel', operation: 'Apply', apiVersion: 'v1', fieldsV1: fields }] });

describe('differenceOf', () => {
  it('is empty for what is settled', () => {
    const live = object('ConfigMap', { data: { a: '1', other: 'x', ignored: 'y' } }, applied({ 'f:data': { 'f:a': {} } }));
    expect(difference(object('ConfigMap', { data: { a: '1' } }), live).patch).toEqual([]);
  });

  it('shows what the dry run predicts, without what is ignored', () => {
    const live = object('ConfigMap', { data: { a: '1', ignored: 'y' } });
    const predicted = object('ConfigMap', { data: { a: '2', ignored: 'z' } }, { resourceVersion: '7' });
    expect(difference(object('ConfigMap', { data: { a: '2' } }), live, predicted).patch).toEqual([
      { op: 'replace', path: '/data/a', value: '2' },
    ]);
  });

  it('works out without a dry run what an apply would leave', () => {
    const owned = applied({ 'f:data': { 'f:a': {}, 'f:gone': {} } });
    const live = object('ConfigMap', { data: { a: '1', gone: 'x', other: 'kept' } }, owned);
    const { after } = difference(object('ConfigMap', { data: { a: '2', new: '3' } }), live);
    expect(after?.['data']).toEqual({ a: '2', new: '3', other: 'kept' });
  });

  it('shows an object that would be created whole, and one that would go as gone', () => {
    const target = object('ConfigMap', { data: { a: '1' } });
    expect(difference(target, undefined)).toMatchObject({
      before: undefined,
      after: target,
      patch: [{ op: 'replace', path: '', value: target }],
    });
    expect(difference(undefined, target)).toMatchObject({
      before: target,
      after: undefined,
      patch: [{ op: 'replace', path: '', value: null }],
    });
  });

  it('masks a Secret, so that the change shows and the value does not', () => {
    const live = object('Secret', { data: { user: 'b2xk', same: 'c2FtZQ==' } });
    const shown = difference(object('Secret', { stringData: { user: 'new', same: 'same' } }), live);
    expect(shown.patch).toEqual([{ op: 'replace', path: '/data/user', value: '++++++++++++' }]);
    expect(JSON.stringify(shown)).not.toMatch(/b2xk|bmV3|"new"|c2FtZQ|"same":"same"/);
  });

  it('masks the annotations of a Secret that the installation names', () => {
    const made = (token: string) => object('Secret', {}, { annotations: { token } });
    const { resources } = compare(pairObjects([made('new')], [made('old')]), new Map(), rules);
    const row = resources[0];
    const shown = row && differenceOf(row, undefined, { ...rules, maskedAnnotations: ['token'] });
    expect(shown?.patch).toEqual([{ op: 'replace', path: '/metadata/annotations/token', value: '++++++++++++' }]);
    expect(JSON.stringify(shown)).not.toMatch(/"old"|"new"/);
  });

  it('shows nothing of the status of an object that comes or goes', () => {
    const live = object('ConfigMap', { data: { a: '1' }, status: { x: 1 } });
    expect(difference(undefined, live).before).toEqual(object('ConfigMap', { data: { a: '1' } }));
  });

  it.each(casesOf('compare'))('leaves nothing to change where a comparison in memory found nothing: $name', (golden) => {
    const pairs = pairObjects(golden.readAll('desired.yaml') as Manifest[], golden.readAll('live.yaml') as Manifest[]);
    for (const row of compare(pairs, new Map(), rules).resources) {
      if (row.settled) expect(differenceOf({ ...row, settled: false }, undefined, rules).patch).toEqual([]);
    }
  });
});

describe('maskedSecrets', () => {
  const secret = (data: object, lastApplied?: string) =>
    object('Secret', { data }, { annotations: lastApplied ? { [LAST_APPLIED]: lastApplied } : {} });
  const dataOf = (versions: readonly (Manifest | undefined)[]) => versions.map((version) => version?.['data']);

  it('gives equal values equal masks, and each other value of a key a longer one', () => {
    const versions = maskedSecrets([secret({ a: 'eA==', b: 'eA==' }), undefined, secret({ a: 'eQ==', b: 'eA==' }), secret({ a: 'eg==' })]);
    expect(dataOf(versions)).toEqual([
      { a: '++++++++', b: '++++++++' },
      undefined,
      { a: '+'.repeat(12), b: '++++++++' },
      { a: '+'.repeat(16) },
    ]);
  });

  it('masks what the last-applied annotation holds with the same masks', () => {
    const [masked] = maskedSecrets([
      secret({ a: 'eA==' }, JSON.stringify({ apiVersion: 'v1', kind: 'Secret', stringData: { a: 'x' }, data: { b: 'eQ==' } })),
    ]);
    const remembered: unknown = JSON.parse(masked?.metadata.annotations?.[LAST_APPLIED] ?? '');
    expect(remembered).toMatchObject({ data: { a: '++++++++', b: '++++++++' } });
    expect(JSON.stringify(remembered)).not.toContain('stringData');
  });

  it('masks an annotation that cannot be read altogether', () => {
    const [masked] = maskedSecrets([secret({}, '{"data": {"a": "c2VjcmV0"')]);
    expect(masked?.metadata.annotations?.[LAST_APPLIED]).toBe('++++++++');
  });

  it('masks the annotations that are named, on every side and in what was applied last', () => {
    const applied = JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata: { annotations: { token: 'one', note: 'n' } } });
    const made = (token: string, lastApplied?: string) =>
      object('Secret', {}, { annotations: { token, note: 'n', ...(lastApplied ? { [LAST_APPLIED]: lastApplied } : {}) } });
    const [before, after, same] = maskedSecrets([made('one', applied), made('two'), made('one')], ['token', 'missing']);
    expect(before?.metadata.annotations).toMatchObject({ token: '++++++++', note: 'n' });
    expect(after?.metadata.annotations).toEqual({ token: '+'.repeat(12), note: 'n' });
    expect(same?.metadata.annotations).toEqual({ token: '++++++++', note: 'n' });
    expect(JSON.parse(before?.metadata.annotations?.[LAST_APPLIED] ?? '')).toMatchObject({
      metadata: { annotations: { token: '++++++++', note: 'n' } },
    });
    const [whole] = maskedSecrets([made('one', applied)], [LAST_APPLIED]);
    expect(whole?.metadata.annotations).toEqual({ token: 'one', note: 'n', [LAST_APPLIED]: '++++++++' });
  });

  it('hides what a Secret has under a name that means nothing', () => {
    const misspelt = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, type: 'Opaque', stringdata: { a: 'secret' } };
    expect(maskedSecrets([misspelt])).toEqual([{ ...misspelt, stringdata: '++++++++' }]);
  });
});
