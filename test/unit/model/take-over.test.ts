import { describe, expect, it } from 'vitest';
import { LAST_APPLIED } from '../../../lib/model/annotations.ts';
import type { LiveObject, ManagedFieldsEntry } from '../../../lib/model/manifest.ts';
import { replacedPatch, takeOverPatch } from '../../../lib/model/take-over.ts';

const entry = (manager: string, operation: 'Apply' | 'Update', fieldsV1: object, more: object = {}): ManagedFieldsEntry =>
  ({ manager, operation, apiVersion: 'v1', fieldsType: 'FieldsV1', fieldsV1, ...more }) as ManagedFieldsEntry; // readonly fields from a plain object

function live(managedFields: readonly ManagedFieldsEntry[], lastApplied?: object): LiveObject {
  const annotations = lastApplied ? { [LAST_APPLIED]: JSON.stringify(lastApplied) } : {};
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'it', resourceVersion: '7', annotations, managedFields } };
}

const fieldsAfter = (object: LiveObject) => takeOverPatch(object)?.[0]?.['value'];

describe('takeOverPatch', () => {
  it('asks for nothing where nobody was before us', () => {
    expect(
      takeOverPatch(live([entry('evenkeel', 'Apply', { 'f:data': {} }), entry('someone', 'Update', { 'f:data': {} })])),
    ).toBeUndefined();
  });

  it('makes what Argo CD applied ours, beside what we have and what others have', () => {
    const others = entry('someone', 'Update', { 'f:data': { 'f:c': {} } });
    const ours = entry('evenkeel', 'Apply', { 'f:data': { 'f:a': {} } });
    const argo = entry('argocd-controller', 'Apply', { 'f:data': { 'f:a': {}, 'f:b': {} } });
    expect(fieldsAfter(live([argo, others, ours]))).toEqual([others, entry('evenkeel', 'Apply', { 'f:data': { 'f:a': {}, 'f:b': {} } })]);
  });

  it('takes from client-side apply only what its annotation names, and the annotation', () => {
    const kubectl = entry('kubectl-client-side-apply', 'Update', { 'f:data': { '.': {}, 'f:a': {}, 'f:defaulted': {} } });
    expect(fieldsAfter(live([kubectl], { data: { a: '1' } }))).toEqual([
      entry('evenkeel', 'Apply', {
        'f:data': { '.': {}, 'f:a': {} },
        'f:metadata': { 'f:annotations': { [`f:${LAST_APPLIED}`]: {} } },
      }),
    ]);
  });

  it('leaves client-side entries without an annotation, subresources and other versions alone', () => {
    expect(takeOverPatch(live([entry('argocd-controller', 'Update', { 'f:data': {} })]))).toBeUndefined();
    expect(takeOverPatch(live([entry('argocd-controller', 'Apply', { 'f:status': {} }, { subresource: 'status' })]))).toBeUndefined();
    const ours = entry('evenkeel', 'Apply', { 'f:data': {} }, { apiVersion: 'v2' });
    expect(takeOverPatch(live([ours, entry('argocd-controller', 'Apply', { 'f:data': {} })]))).toBeUndefined();
  });

  it('makes one of several records of ours, unless their versions have different names for fields', () => {
    const ours = [entry('evenkeel', 'Apply', { 'f:data': { 'f:a': {} } }), entry('evenkeel', 'Apply', { 'f:data': { 'f:b': {} } })];
    const argo = entry('argocd-controller', 'Apply', { 'f:data': { 'f:c': {} } });
    expect(fieldsAfter(live([...ours, argo]))).toEqual([entry('evenkeel', 'Apply', { 'f:data': { 'f:a': {}, 'f:b': {}, 'f:c': {} } })]);
    const other = entry('evenkeel', 'Apply', { 'f:data': { 'f:d': {} } }, { apiVersion: 'v2' });
    expect(takeOverPatch(live([...ours, other, argo]))).toBeUndefined();
  });

  it.each([
    ['helm', 'Apply'],
    ['helm', 'Update'],
    ['kubectl', 'Apply'],
    ['kubectl-create', 'Update'],
    ['kubectl-replace', 'Update'],
  ] as const)('takes everything from %s that made it by %s, until we have applied it', (manager, operation) => {
    const made = entry(manager, operation, { 'f:data': { '.': {}, 'f:a': {} } });
    expect(fieldsAfter(live([made]))).toEqual([entry('evenkeel', 'Apply', { 'f:data': { '.': {}, 'f:a': {} } })]);
    expect(takeOverPatch(live([made, entry('evenkeel', 'Apply', { 'f:data': {} })]))).toBeUndefined();
  });

  it('leaves those who edit what they did not make alone', () => {
    for (const manager of ['kubectl-edit', 'kubectl-patch', 'kubectl-scale', 'kube-controller-manager', 'vpa']) {
      expect(takeOverPatch(live([entry(manager, 'Update', { 'f:data': { 'f:a': {} } })]))).toBeUndefined();
    }
  });

  it('takes what we replaced and never came to apply, whatever the Application says, but for status', () => {
    const replaced = entry('evenkeel-replace', 'Update', { 'f:data': { 'f:b': {} }, 'f:status': { 'f:phase': {} } });
    const object = live([entry('evenkeel', 'Apply', { 'f:data': { 'f:a': {} } }), replaced]);
    const ours = [entry('evenkeel', 'Apply', { 'f:data': { 'f:a': {}, 'f:b': {} } })];
    expect(fieldsAfter(object)).toEqual(ours);
    expect(takeOverPatch(object, { off: true, manager: undefined })?.[0]?.['value']).toEqual(ours);
  });

  it('leaves Helm its marks, and nothing else of the nodes that held them', () => {
    const annotations = { '.': {}, 'f:meta.helm.sh/release-name': {}, 'f:meta.helm.sh/release-namespace': {} };
    const marks = { 'f:annotations': annotations, 'f:labels': { '.': {}, 'f:app.kubernetes.io/managed-by': {}, 'f:app': {} } };
    const helm = entry('helm', 'Apply', { 'f:data': { 'f:a': {} }, 'f:metadata': marks });
    const { '.': _, ...left } = annotations;
    expect(fieldsAfter(live([helm]))).toEqual([
      entry('helm', 'Apply', { 'f:metadata': { 'f:annotations': left, 'f:labels': { 'f:app.kubernetes.io/managed-by': {} } } }),
      entry('evenkeel', 'Apply', { 'f:data': { 'f:a': {} }, 'f:metadata': { 'f:labels': { '.': {}, 'f:app': {} } } }),
    ]);
  });

  it('takes nothing where it is off, and from one more client where one is named', () => {
    const argo = entry('argocd-controller', 'Apply', { 'f:data': { 'f:a': {} } });
    expect(takeOverPatch(live([argo, entry('helm', 'Update', { 'f:data': {} })]), { off: true, manager: 'helm' })).toBeUndefined();
    const mine = entry('my-tool', 'Update', { 'f:data': { 'f:b': {} } });
    const ours = entry('evenkeel', 'Apply', { 'f:data': { 'f:a': {} } });
    const after = takeOverPatch(live([mine, ours]), { off: false, manager: 'my-tool' })?.[0]?.['value'];
    expect(after).toEqual([entry('evenkeel', 'Apply', { 'f:data': { 'f:a': {}, 'f:b': {} } })]);
  });

  it('holds only for the object that was read', () => {
    expect(takeOverPatch(live([entry('argocd-controller', 'Apply', { 'f:data': {} })]))?.[1]).toEqual({
      op: 'replace',
      path: '/metadata/resourceVersion',
      value: '7',
    });
  });
});

describe('replacedPatch', () => {
  const data = (...names: readonly string[]) => ({ 'f:data': Object.fromEntries(names.map((name) => [`f:${name}`, {}])) });
  const left = (object: LiveObject) => replacedPatch(object)?.[0]?.['value'];

  it('makes the object ours alone, but for its subresources, and applied', () => {
    const scale = entry('autoscaler', 'Update', data('n'), { subresource: 'scale' });
    const [ours, theirs] = [entry('evenkeel', 'Apply', data('a')), entry('kubectl-edit', 'Update', data('b'))];
    const patch = replacedPatch(live([ours, theirs, scale, entry('evenkeel-replace', 'Update', data('c'))]));
    expect(patch).toEqual([
      { op: 'replace', path: '/metadata/managedFields', value: [scale, entry('evenkeel', 'Apply', data('a', 'c'))] },
      { op: 'replace', path: '/metadata/resourceVersion', value: '7' },
    ]);
  });

  it('asks for nothing where it is so already, and where nobody is known', () => {
    expect(replacedPatch(live([entry('evenkeel', 'Apply', data('a'))]))).toBeUndefined();
    expect(replacedPatch(live([]))).toBeUndefined();
  });

  it('leaves status to nobody, so that the next apply does not take it away', () => {
    const status = entry('evenkeel-replace', 'Update', { 'f:status': {}, ...data('a') });
    expect(left(live([status]))).toEqual([entry('evenkeel', 'Apply', data('a'))]);
  });

  it('takes over what was there when the replacement changed nothing', () => {
    expect(left(live([entry('kubectl-create', 'Update', data('a'))]))).toEqual([entry('evenkeel', 'Apply', data('a'))]);
  });

  it('does not mix the fields of two versions', () => {
    const older = entry('evenkeel', 'Apply', data('a'), { apiVersion: 'v1beta1' });
    expect(left(live([older, entry('evenkeel-replace', 'Update', data('b'))]))).toEqual([entry('evenkeel', 'Apply', data('b'))]);
  });
});
