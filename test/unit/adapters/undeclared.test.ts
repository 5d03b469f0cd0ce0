import { describe, expect, it } from 'vitest';
import { withoutUndeclared } from '../../../lib/adapters/undeclared.ts';

const manifest = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', annotations: { 'a.b/c': 'd' } },
  'x.y': { z: 1 },
  spec: {
    replica: 1,
    list: [{ unknown: 1 }, { unknown: 2 }],
    containers: [
      { name: 'a]"b', imge: 1 },
      {
        name: 'web',
        imge: 2,
        ports: [
          { containerPort: 80, unknown: 3 },
          { containerPort: 80, protocol: 'UDP', unknown: 4 },
        ],
      },
    ],
  },
};

/** As the API server of 1.36 words it. */
function refusal(path: string): string {
  return `failed to create typed patch object (shop/web; apps/v1, Kind=Deployment): ${path}: field not declared in schema`;
}

describe('a manifest without what its kind does not have', () => {
  it.each([
    ['.spec.replica', ['spec', 'replica']],
    ['.x.y.z', ['x.y', 'z']],
    ['.spec.list[1].unknown', ['spec', 'list', 1, 'unknown']],
    ['.spec.containers[name="web"].imge', ['spec', 'containers', 1, 'imge']],
    ['.spec.containers[name="a]\\"b"].imge', ['spec', 'containers', 0, 'imge']],
    ['.spec.containers[name="web"].ports[containerPort=80,protocol="TCP"].unknown', ['spec', 'containers', 1, 'ports', 0, 'unknown']],
    ['.spec.containers[name="web"].ports[containerPort=80,protocol="UDP"].unknown', ['spec', 'containers', 1, 'ports', 1, 'unknown']],
  ] as const)('loses %s and nothing else', (path, place) => {
    const expected = structuredClone(manifest) as Record<string | number, unknown>; // walked by keys below
    const owner = place.slice(0, -1).reduce((at, key) => at[key] as Record<string | number, unknown>, expected);
    delete owner[place.at(-1) ?? ''];
    expect(withoutUndeclared(manifest, refusal(path))).toEqual(expected);
  });

  it('loses all that are named, one a line', () => {
    const text = 'errors:\n  .spec.replica: field not declared in schema\n  .spec.list[0].unknown: field not declared in schema';
    expect(withoutUndeclared(manifest, text)).toMatchObject({ spec: { list: [{}, { unknown: 2 }] } });
  });

  it.each(['.spec.nowhere', '.spec.containers[name="none"].imge', '.spec.replica.deeper'])('is not made where it has no %s', (path) => {
    expect(withoutUndeclared(manifest, refusal(path))).toBeUndefined();
  });

  it.each(['Deployment.apps "web" is invalid: spec.replica', ''])('is not made for other words: "%s"', (words) => {
    expect(withoutUndeclared(manifest, words)).toBeUndefined();
  });
});
