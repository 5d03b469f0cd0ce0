import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { collectionPath, groupVersionPath, newObjectPath, objectPath, withQuery } from '../../../lib/adapters/paths.ts';
import { InvalidInput } from '../../../lib/model/errors.ts';

const ROLE = { group: 'rbac.authorization.k8s.io', version: 'v1', kind: 'Role', plural: 'roles', namespaced: true, verbs: [] };
const NAMESPACE = { group: '', version: 'v1', kind: 'Namespace', plural: 'namespaces', namespaced: false, verbs: [] };

describe('objectPath', () => {
  it('keeps the case of a name and encodes its colon', () => {
    expect(objectPath(ROLE, { namespace: 'shop', name: 'system:MyRole' })).toBe(
      '/apis/rbac.authorization.k8s.io/v1/namespaces/shop/roles/system%3AMyRole',
    );
  });

  it('leaves the namespace out for a cluster-scoped kind', () => {
    expect(objectPath(NAMESPACE, { namespace: 'ignored', name: 'shop' })).toBe('/api/v1/namespaces/shop');
  });

  it.each([
    ['an empty name, which would mean the whole collection', { namespace: 'shop', name: '' }],
    ['no namespace where the kind has one', { namespace: '', name: 'web' }],
    ['a name that climbs', { namespace: 'shop', name: '..' }],
    ['a namespace that climbs', { namespace: '..', name: 'web' }],
    ['a name that stays', { namespace: 'shop', name: '.' }],
  ])('refuses %s', (_, key) => {
    expect(() => objectPath(ROLE, key)).toThrow(InvalidInput);
  });

  it('never lets a name reach another path', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.string({ minLength: 1 }), (namespace, name) => {
        const climbs = [namespace, name].some((part) => part === '.' || part === '..');
        if (climbs) return;
        const [path, ...query] = objectPath(ROLE, { namespace, name }).split(/[?#]/);
        expect(query).toEqual([]);
        expect(path?.split('/').map(decodeURIComponent)).toEqual(['', 'apis', ROLE.group, 'v1', 'namespaces', namespace, 'roles', name]);
      }),
    );
  });
});

describe('the other paths', () => {
  it('address one namespace or all', () => {
    expect(collectionPath(ROLE, 'shop')).toBe('/apis/rbac.authorization.k8s.io/v1/namespaces/shop/roles');
    expect(collectionPath(ROLE, '')).toBe('/apis/rbac.authorization.k8s.io/v1/roles');
    expect(groupVersionPath({ group: '', version: 'v1' })).toBe('/api/v1');
  });

  it('refuse to create a namespaced object nowhere', () => {
    expect(() => newObjectPath(ROLE, '')).toThrow('metadata.namespace is missing');
    expect(newObjectPath(NAMESPACE, '')).toBe('/api/v1/namespaces');
  });

  it('carry a query without what is undefined', () => {
    expect(withQuery('/api', { labelSelector: 'a=b,c in (d)', continue: undefined })).toBe('/api?labelSelector=a%3Db%2Cc%20in%20(d)');
    expect(withQuery('/api', { continue: undefined })).toBe('/api');
  });
});
