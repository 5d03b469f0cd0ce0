import { describe, expect, it } from 'vitest';
import { differenceBody, differenceHeader, differenceSides } from '../../../../lib/cli/view/difference.ts';
import type { Manifest } from '../../../../lib/model/manifest.ts';

const key = { group: '', kind: 'ConfigMap', namespace: 'shop', name: 'settings' };
const settings = (data: object): Manifest => ({ kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'settings' }, data });
const plain = (line: string) => line;

describe('a difference', () => {
  it('is headed by group, kind, namespace and name', () => {
    expect(differenceHeader({ ...key, group: 'apps' })).toBe('\n===== apps/ConfigMap shop/settings ======\n');
  });

  it('does not come from the order of keys', () => {
    const [live, target] = differenceSides({ key, before: settings({ a: '1', b: '2' }), after: settings({ b: '2', a: '1' }), patch: [] });
    expect(live).toBe(target);
  });

  it('is painted a line at a time', () => {
    const marked = differenceBody({ key, before: settings({ a: '1' }), after: settings({ a: '2' }), patch: [] }, (line) => `<${line}>`);
    expect(marked).toContain('<-  a: "1">\n<+  a: "2">\n');
  });

  it('says why it is one when no field differs', () => {
    const same = settings({ a: '1' });
    expect(differenceBody({ key, before: same, after: same, patch: [] }, plain)).toMatch(/^no field differs: /);
  });

  it('keeps out what would steer a terminal', () => {
    const shown = differenceBody({ key, before: undefined, after: settings({ a: '\u001b[2J', b: 'x\u202ey' }), patch: [] }, plain);
    expect(shown).not.toMatch(/[\p{Cf}]|[^\P{Cc}\n]/u);
  });
});
