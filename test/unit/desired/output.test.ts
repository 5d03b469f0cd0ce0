import { describe, expect, it } from 'vitest';
import { outputHash, settledOutput, shortKey } from '../../../lib/desired/output.ts';
import type { Manifest } from '../../../lib/model/manifest.ts';

const secret = (password: string): Manifest => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'db', namespace: 'shop' },
  data: { password },
});
const map: Manifest = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'same' } };

describe('settledOutput', () => {
  it('is what was rendered where nothing is known of that content', () => {
    expect(settledOutput([map], undefined, 'content-1', undefined)).toEqual({ manifests: [map], differs: [] });
  });

  it('keeps what was rendered first, and names what came out otherwise, without a value', () => {
    const before = { manifests: [secret('one'), map], differs: [] };
    const output = settledOutput([secret('canary'), map], before, 'content-1', undefined);
    expect(output.manifests).toBe(before.manifests);
    expect(output.differs).toEqual(['Secret/shop/db']);
    expect(JSON.stringify(output)).not.toContain('canary');
  });

  it('goes on telling of what differed once', () => {
    const before = { manifests: [secret('one')], differs: ['Secret/shop/db'] };
    expect(settledOutput([secret('one')], before, 'content-1', undefined).differs).toEqual(['Secret/shop/db']);
  });

  it('tells that the output is another even when the first is not kept any more', () => {
    const closure = (output: string) => ({ sources: [{ repoURL: 'x', paths: [], render: { content: shortKey('content-1'), output } }] });
    expect(settledOutput([map], undefined, 'content-1', closure(outputHash([secret('one')]))).differs).toHaveLength(1);
    expect(settledOutput([map], undefined, 'content-1', closure(outputHash([map]))).differs).toEqual([]);
    expect(settledOutput([map], undefined, 'content-2', closure(outputHash([secret('one')]))).differs).toEqual([]);
  });
});
