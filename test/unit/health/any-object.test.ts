// Whatever a kind's object looks like, its rule says something about it or nothing: it does not throw, and says the same the next time.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HEALTH_RULES, resourceHealth } from '../../../lib/health/health.ts';
import { HOOK, IGNORE_RESTART_POLICY } from '../../../lib/model/annotations.ts';
import type { LiveObject } from '../../../lib/model/manifest.ts';

const CODES = ['Healthy', 'Suspended', 'Progressing', 'Missing', 'Degraded', 'Unknown'];
const FIELDS =
  'type status reason message conditions phase state observedGeneration replicas readyReplicas updatedReplicas availableReplicas paused suspend active listeners parents loadBalancer ingress containerStatuses initContainerStatuses lastState waiting terminated exitCode restartPolicy updateStrategy rollingUpdate partition workloadRef strategy blueGreen canary stableRS currentPodHash constructor __proto__ toString';
const WORDS = 'True False Unknown Ready Accepted Programmed Available Progressing Paused Failed RollingUpdate Always Running constructor 3';

/** Trees of the words that rules look for, so that their insides are met too. */
const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.constantFrom<unknown>(...WORDS.split(' '), null, true, false, -1, 0, 3, 1.5, 1e300),
    fc.jsonValue({ maxDepth: 2 }),
    fc.array(tie('tree'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...FIELDS.split(' ')), tie('tree'), { maxKeys: 6 }),
  ),
}));

const word = fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...WORDS.split(' ')) }, tree);
const condition = fc.record(
  { type: word, status: word, reason: word, message: word, observedGeneration: tree },
  { requiredKeys: ['type'] },
);
const conditions = fc.oneof(fc.array(condition, { maxLength: 4 }), fc.array(fc.oneof(condition, tree), { maxLength: 4 }));
const status = fc.oneof(tree, fc.record({ conditions }));

const annotation = fc.oneof(
  tree.map((value) => JSON.stringify(value)),
  fc.string(),
);

/** What the API server guarantees of an object: a group, version and kind, and annotations that are text. */
function objectsOf(path: string): fc.Arbitrary<LiveObject> {
  const [group = '', kind = ''] = path.split('/');
  const names = ['autoscaling.alpha.kubernetes.io/conditions', 'rollout.argoproj.io/workload-generation', IGNORE_RESTART_POLICY, HOOK];
  return fc
    .record({
      version: fc.constantFrom('v1', 'v2', 'v1beta1'),
      metadata: fc.record({ generation: tree, name: tree, annotations: fc.dictionary(fc.constantFrom(...names), annotation) }),
      spec: tree,
      status,
    })
    .map(({ version, ...rest }) => {
      return { apiVersion: group === '' ? version : `${group}/${version}`, kind, ...rest } as unknown as LiveObject;
    });
}

describe('resourceHealth of any object', () => {
  it.each([...HEALTH_RULES.keys()])('%s: is a health or nothing, and the same each time', (path) => {
    fc.assert(
      fc.property(objectsOf(path), (live) => {
        const before = JSON.stringify(live);
        const found = resourceHealth(live);
        if (found) expect(CODES).toContain(found.status);
        if (found?.message !== undefined) expect(typeof found.message).toBe('string');
        expect(resourceHealth(live)).toEqual(found);
        expect(JSON.stringify(live)).toBe(before);
      }),
      { numRuns: 120 },
    );
  });
});
