import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSelected, labelled, parseResourceFilter } from '../../../../lib/cli/request/filter.ts';

const name = fc.stringMatching(/^[a-z0-9-]{1,8}$/);
/** Roles and bindings are called `system:node`, `shop:reader:` and so on. */
const objectName = fc.stringMatching(/^[a-z0-9:-]{1,8}$/);

describe('resource filters', () => {
  it.each(['', 'Deployment', 'apps:Deployment', 'apps::web', 'apps:Deployment:', ':'])('cannot be read from "%s"', (text) => {
    expect(parseResourceFilter(text)).toEqual({ error: `resource should have GROUP:KIND:NAME, but instead got: ${text}` });
  });

  it('are read back as they were written', () => {
    fc.assert(
      fc.property(fc.constantFrom('', '!'), fc.record({ group: name, kind: name, namespace: name, name: objectName }), (mark, place) => {
        const text = `${mark}${place.group}:${place.kind}:${place.namespace}/${place.name}`;
        expect(parseResourceFilter(text)).toEqual({ exclude: mark === '!', ...place });
      }),
    );
  });

  it('choose exactly the resource that they name', () => {
    fc.assert(
      fc.property(
        fc.record({ group: name, kind: name, namespace: name, name }),
        fc.record({ group: name, kind: name, namespace: name, name }),
        (a, b) => {
          const filter = { exclude: false, ...a };
          expect(isSelected(a, [filter])).toBe(true);
          expect(isSelected(b, [filter])).toBe(JSON.stringify(a) === JSON.stringify(b));
          expect(isSelected(a, [filter, { ...filter, exclude: true }])).toBe(false);
        },
      ),
    );
  });

  it('mean the objects that carry any of the labels', () => {
    const object = (name: string, labels?: Record<string, string>) => ({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name, namespace: 'shop', ...(labels && { labels }) },
    });
    const all = [object('a', { app: 'web', tier: 'front' }), object('b', { app: 'db' }), object('c', { tier: 'back' }), object('d')];
    const filters = labelled(all, { app: 'web', tier: 'back' });
    expect(filters.map(({ group, kind, namespace, name, exclude }) => [exclude, group, kind, namespace, name])).toEqual([
      [false, 'apps', 'Deployment', 'shop', 'a'],
      [false, 'apps', 'Deployment', 'shop', 'c'],
    ]);
  });
});
