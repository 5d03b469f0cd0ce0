// The three CustomResourceDefinitions on a real API server: what users write is taken whole, what they mistype is refused.
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { type Ran, run, succeed } from '../support/program.ts';
import { eventually, freshName, type World, world } from '../world/world.ts';

const root = join(import.meta.dirname, '../..');
const examples = join(root, 'infra/kubernetes/examples');
const accepted = join(root, 'test/cases/kubernetes/accepted');

let here: World;
let namespace: string;
const kubectl = (args: readonly string[], input?: string): Promise<Ran> =>
  run(here.kubectl, ['--kubeconfig', here.kubeconfigPath, '-n', namespace, ...args], input === undefined ? {} : { input });
const must = (args: readonly string[], input = ''): Promise<string> =>
  succeed(here.kubectl, ['--kubeconfig', here.kubeconfigPath, '-n', namespace, ...args], { input });

beforeAll(async () => {
  here = world();
  namespace = await here.freshNamespace('crds');
  await must(['apply', '--server-side', '--force-conflicts', '-k', join(root, 'infra/kubernetes/crds')]);
  // kubectl wait fails at once on a definition that has no conditions yet, so it is asked again.
  const established = ['wait', '--for=condition=Established', '--timeout=20s', ...kinds.map((kind) => `crd/${kind}.argoproj.io`)];
  await eventually(() => must(established));
});

const kinds = ['applications', 'appprojects', 'applicationsets'];

function application(spec: object, rest: object = {}): string {
  const destination = { server: 'https://kubernetes.default.svc' };
  const metadata = { name: freshName('app') };
  return stringify({
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata,
    spec: { project: 'default', destination, ...spec },
    ...rest,
  });
}

describe('what users write', () => {
  const files = [
    ...readdirSync(accepted).map((file) => join(accepted, file)),
    join(examples, 'full-application.yaml'),
    join(examples, 'helm-application.yaml'),
  ];

  it.each(files.map((file) => [basename(file), file]))(
    '%s is taken by a client-side and a server-side apply, and nothing of it is dropped',
    async (_, file) => {
      const { status, ...written } = parse(readFileSync(file, 'utf8'));
      const manifest = stringify({ ...written, metadata: { ...written.metadata, namespace }, ...(status && { status }) });
      for (const how of [['--server-side', '--force-conflicts'], []]) {
        const answer = JSON.parse(await must(['apply', '--validate=strict', ...how, '-o', 'json', '-f', '-'], manifest));
        expect(answer.spec).toEqual(written.spec);
        expect(answer.operation).toEqual(written.operation);
        if (status && answer.kind !== 'ApplicationSet') expect(answer.status).toEqual(status);
      }
    },
  );
});

describe('what users mistype', () => {
  const misspelt: Readonly<Record<string, string>> = {
    'spec.syncPolcy': application({ syncPolcy: {} }),
    'spec.syncPolicy.automated.selfheal': application({ syncPolicy: { automated: { selfheal: true } } }),
    'spec.syncPolicy.retry.backoff.max': application({ syncPolicy: { retry: { backoff: { max: '3m' } } } }),
    'spec.source.kustomize.patches[0].target.kin': application({
      source: { repoURL: 'https://git.example.com/a.git', kustomize: { patches: [{ target: { kin: 'Service' } }] } },
    }),
    'spec.sources[0].helm.valuesFiles': application({ sources: [{ repoURL: 'https://git.example.com/a.git', helm: { valuesFiles: [] } }] }),
    'spec.ignoreDifferences[0].jsonPointer': application({ ignoreDifferences: [{ kind: 'Secret', jsonPointer: '/data' }] }),
    'operation.sync.revison': application({}, { operation: { sync: { revison: 'main' } } }),
  };

  it.each(Object.entries(misspelt))('%s is refused by name', async (field, manifest) => {
    const { code, stderr } = await kubectl(['apply', '--validate=strict', '-f', '-'], manifest);
    expect(code).toBe(1);
    expect(stderr).toContain(`unknown field "${field}"`);
  });

  it.each([
    ['a project that is no text', application({ project: 1 }), 'spec.project'],
    ['a source without repoURL', application({ source: { path: '.' } }), 'spec.source.repoURL: Required value'],
    ['a retry limit in words', application({ syncPolicy: { retry: { limit: 'five' } } }), 'spec.syncPolicy.retry.limit'],
    ['a destination that is missing', application({ destination: undefined }), 'spec.destination: Required value'],
  ])('%s is refused', async (_, manifest, says) => {
    const { code, stderr } = await kubectl(['apply', '--validate=strict', '-f', '-'], manifest);
    expect(code).toBe(1);
    expect(stderr).toContain(says);
  });
});

describe('the kinds', () => {
  it.each([
    ['application.spec.syncPolicy.retry', 'How many times a failed sync is tried again'],
    ['app.status.operationState.syncResult.resources', 'What the API server or the check said'],
    ['appproj.spec.destinationServiceAccounts', 'The account as namespace:name'],
    ['appset.spec.generators.matrix.generators.git', 'URL of the repository'],
  ])('kubectl explain %s answers in words', async (path, says) => {
    // The API server publishes the schema a moment after the kind is established.
    await eventually(async () => expect(await must(['explain', path])).toContain(says));
  });

  it('an Application shows sync and health, and with -o wide revision and project', async () => {
    const status = { sync: { status: 'Synced', revision: 'abc123' }, health: { status: 'Healthy' } };
    await must(['apply', '-f', '-'], application({ project: 'shop' }, { status }));
    const [narrow, wide] = [await must(['get', 'applications']), await must(['get', 'apps', '-o', 'wide'])];
    expect(narrow).toMatch(/^NAME +SYNC STATUS +HEALTH STATUS\n/);
    expect(wide).toMatch(/^NAME +SYNC STATUS +HEALTH STATUS +REVISION +PROJECT\n/);
    expect(wide).toMatch(/Synced +Healthy +abc123 +shop/);
  });

  it('an operation is cleared by a JSON patch that sets it to null', async () => {
    const manifest = application({}, { operation: { sync: { revision: 'main' } } });
    const name = parse(manifest).metadata.name;
    await must(['apply', '-f', '-'], manifest);
    await must(['patch', 'application', name, '--type=json', '-p', '[{"op":"add","path":"/operation","value":null}]']);
    expect(JSON.parse(await must(['get', 'application', name, '-o', 'json']))).not.toHaveProperty('operation');
  });
});
