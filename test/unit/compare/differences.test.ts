import { describe, expect, it } from 'vitest';
import { differences } from '../../../lib/compare/differences.ts';
import type { LiveObject, Manifest } from '../../../lib/model/manifest.ts';

const metadata = { name: 'web', namespace: 'shop' };

/** What differs, without and with somebody to ask. */
function paths(target: Manifest, live: LiveObject, alone: boolean): readonly string[] {
  return differences(target, live, { ignoreDifferences: [] }, alone).map(({ path, reason }) => `${path} ${reason}`);
}

function widget(spec: unknown, managedFields?: readonly unknown[]): LiveObject {
  return {
    apiVersion: 'x.example/v1',
    kind: 'Widget',
    metadata: { ...metadata, ...(managedFields && { managedFields }) },
    spec,
  } as LiveObject;
}

describe('differences of an object that was never applied by us', () => {
  const deployment = (containers: readonly unknown[]): LiveObject =>
    ({ apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec: { replicas: 1, template: { spec: { containers } } } }) as LiveObject;
  const wanted = deployment([{ name: 'web', image: 'web:1' }]);

  it('of a built-in kind are found by its types', () => {
    const injected = { name: 'proxy', image: 'proxy:9' };
    const filled = { name: 'web', image: 'web:1', imagePullPolicy: 'IfNotPresent', resources: {} };
    expect(paths(wanted, deployment([filled, injected]), false)).toEqual([]);
    expect(paths(wanted, deployment([{ ...filled, image: 'web:2' }, injected]), false)).toEqual([
      'spec.template.spec.containers[name=web].image changed',
    ]);
  });

  it('of another kind are doubted where it is not known what is merged, and not where nobody can be asked', () => {
    const live = widget({ size: 1, added: { by: 'webhook' }, list: [1, 2] });
    expect(paths(widget({ size: 1, list: [1, 2] }), live, false)).toEqual(['spec.added changed']);
    expect(paths(widget({ size: 1, list: [1, 2] }), live, true)).toEqual([]);
    expect(paths(widget({ size: 2, list: [2, 1] }), live, true)).toEqual([
      'spec.size changed',
      'spec.list[0] changed',
      'spec.list[1] changed',
    ]);
  });

  it('of another kind are found by what any client has set in that version', () => {
    const fieldsV1 = { 'f:spec': { 'f:parts': { 'k:{"id":"a"}': { '.': {}, 'f:id': {}, 'f:size': {} } } } };
    const entry = (apiVersion: string) => ({ manager: 'somebody', operation: 'Update', apiVersion, fieldsV1 });
    const parts = [
      { id: 'b', size: 2 },
      { id: 'a', size: 1 },
    ];
    const target = widget({ parts: [{ id: 'a', size: 1 }] });
    expect(paths(target, widget({ parts }, [entry('x.example/v1')]), false)).toEqual([]);
    expect(paths(target, widget({ parts }, [entry('x.example/v2')]), false)).toEqual(['spec.parts changed']);
  });
});
