// No value of a Secret leaves in an error, whatever the API server says about it.
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCluster, type OpenCluster } from '../../lib/adapters/kubernetes.ts';
import type { Manifest } from '../../lib/model/manifest.ts';
import { type World, world } from '../world/world.ts';

const CANARY = 'CANARYvalue!';
const BASE64 = Buffer.from(CANARY).toString('base64');

let here: World;
let cluster: OpenCluster;
let namespace: string;

beforeAll(async () => {
  here = world();
  namespace = await here.freshNamespace('secrets');
  cluster = createCluster({ server: here.server, caPem: here.ca, token: async () => here.token });
  await cluster.apply({ ...secret('live'), immutable: true, stringData: { password: CANARY } });
});

afterAll(() => cluster.close());

function secret(name: string): Manifest {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace } };
}

async function refusal(asked: Promise<unknown>): Promise<string> {
  const error = await asked.then(
    () => 'nothing was refused',
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(Error);
  return inspect(error, { depth: null, showHidden: true });
}

describe('an apply that the API server refuses', () => {
  it.each<[string, object]>([
    ['data that is not base64', { data: { password: CANARY } }],
    ['data of the wrong type', { data: { password: { [CANARY]: CANARY } } }],
    ['text where a map belongs', { data: CANARY }],
    ['a list where a map belongs', { stringData: [CANARY, 1234567890] }],
    ['a value that a type refuses', { type: 'kubernetes.io/dockerconfigjson', stringData: { '.dockerconfigjson': CANARY } }],
    ['a label', { metadata: { name: 'x', labels: { label: `${CANARY} ${CANARY}` } }, stringData: { password: CANARY } }],
    ['a key', { stringData: { 'no key!': CANARY } }],
    ['an unknown field', { stringDatas: { password: CANARY }, stringData: { password: CANARY } }],
  ])('repeats nothing of %s', async (_, wrong) => {
    const manifest = { ...secret('x'), ...wrong };
    const words = await refusal(cluster.apply({ ...manifest, metadata: { ...manifest.metadata, namespace } }));
    expect(words).toContain(`apply Secret ${namespace}/x: `);
    for (const value of [CANARY, BASE64, '1234567890']) expect(words).not.toContain(value);
  });

  it('names the field that is wrong', async () => {
    expect(await refusal(cluster.apply({ ...secret('x'), data: { password: { a: CANARY } } }))).toContain(
      '.data.password: expected string',
    );
    expect(await refusal(cluster.apply({ ...secret('live'), immutable: true, stringData: { password: 'other' } }))).toContain(
      'field is immutable',
    );
  });

  it('repeats nothing of a creation', async () => {
    expect(await refusal(cluster.create({ ...secret('y'), data: { password: CANARY } }))).not.toContain(CANARY);
  });
});

describe('a patch that the API server refuses', () => {
  it.each<[string, Record<string, unknown> | unknown[]]>([
    ['a merge, whose refusal quotes the whole live object', { data: { other: 'not base64 !' } }],
    ['a merge of the wrong type', { data: [CANARY] }],
    ['operations', [{ op: 'add', path: '/data/password/deeper', value: CANARY }]],
    ['a test that fails', [{ op: 'test', path: '/data/password', value: CANARY }]],
  ])('repeats nothing of %s', async (_, patch) => {
    const words = await refusal(cluster.patch({ group: '', version: 'v1', kind: 'Secret', namespace, name: 'live' }, patch));
    for (const value of [CANARY, BASE64, 'not base64 !']) expect(words).not.toContain(value);
  });
});
