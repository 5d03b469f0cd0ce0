import { describe, expect, it } from 'vitest';
import { LAST_APPLIED } from '../../../lib/model/annotations.ts';
import type { LiveObject, ManagedFieldsEntry } from '../../../lib/model/manifest.ts';
import { takeOverPatch } from '../../../lib/model/take-over.ts';

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

  it('holds only for the object that was read', () => {
    expect(takeOverPatch(live([entry('argocd-controller', 'Apply', { 'f:data': {} })]))?.[1]).toEqual({
      op: 'replace',
      path: '/metadata/resourceVersion',
      value: '7',
    });
  });
});
