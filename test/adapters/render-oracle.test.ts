// Every case that renders a chart or a kustomization, held object by object against the stock tools run by hand (test/support/stock-tools.ts)
// and read by kubectl.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { TRACKING_ID } from '../../lib/model/annotations.ts';
import { repositoryOf, writeRepository } from '../support/case-repository.ts';
import { casesOf, type GoldenCase } from '../support/cases.ts';
import { type GitRemote, startGitRemote } from '../support/git-remote.ts';
import { readByKubectl } from '../support/kubectl-reader.ts';
import { CLUSTER_SCOPED, DESTINATION_NAMESPACE, render, renderPorts } from '../support/rendering.ts';
import { renderByHand, type StockSource } from '../support/stock-tools.ts';

type Data = Readonly<Record<string, unknown>>;
type SourceType = 'Helm' | 'Kustomize' | '';

interface Spec {
  readonly name?: string;
  readonly source?: StockSource;
  readonly sources?: readonly StockSource[];
}

const { kubectl, helm, kustomize, renderer } = inject('world');
const cacheDir = mkdtempSync(join(tmpdir(), 'evk-oracle-'));
const compared = { cases: 0, objects: 0 };
let remote: GitRemote;

beforeAll(async () => {
  remote = await startGitRemote();
});
afterAll(async () => {
  await remote.close();
  rmSync(cacheDir, { recursive: true, force: true });
});

/** The types of a case's sources, where all are charts or kustomizations and nothing in the repository overrides them. */
function stockTypes(golden: GoldenCase): readonly SourceType[] {
  const { sourceTypes = [] } = golden.read('expected.yaml') as { sourceTypes?: SourceType[] }; // as render.test.ts writes it
  const isStock = (type: string) => ['Helm', 'Kustomize', ''].includes(type);
  return sourceTypes.every(isStock) && !overridesOf(golden) ? sourceTypes : [];
}

function overridesOf(golden: GoldenCase): boolean {
  return Object.keys(repositoryOf(golden)).some((path) => path.includes('.argocd-source'));
}

function specOf(golden: GoldenCase): Spec {
  return golden.read('application.yaml') as Spec; // ours, as the cases say
}

function sourcesIn({ source, sources = [] }: Spec): readonly StockSource[] {
  return source ? [source] : sources;
}

function environmentOf(source: StockSource, instanceName: string, revision: string): ReadonlyMap<string, string> {
  return new Map([
    ['ARGOCD_APP_NAME', instanceName],
    ['ARGOCD_APP_NAMESPACE', DESTINATION_NAMESPACE],
    ['ARGOCD_APP_PROJECT_NAME', 'books'],
    ['ARGOCD_APP_REVISION', revision],
    ['ARGOCD_APP_REVISION_SHORT', revision.slice(0, 7)],
    ['ARGOCD_APP_REVISION_SHORT_8', revision.slice(0, 8)],
    ['ARGOCD_APP_SOURCE_REPO_URL', remote.url],
    ['ARGOCD_APP_SOURCE_PATH', source.path],
    ['ARGOCD_APP_SOURCE_TARGET_REVISION', source.targetRevision ?? ''],
  ]);
}

/** The objects of all sources in their order, each source from a fresh copy of the repository since editing changes it. */
function byHand(golden: GoldenCase, revision: string): readonly Data[] {
  const spec = specOf(golden);
  const instanceName = spec.name ?? 'shop';
  const types = stockTypes(golden);
  return sourcesIn(spec).flatMap((source, index) => {
    const type = types[index] ?? '';
    if (type === '') return [];
    const root = mkdtempSync(join(cacheDir, 'copy-'));
    writeRepository(repositoryOf(golden), root);
    const facts = { namespace: DESTINATION_NAMESPACE, kubeVersion: 'v1.36.3', apiVersions: ['v1', 'apps/v1'] };
    const environment = environmentOf(source, instanceName, revision);
    const tools = { kubectl, helm, kustomize };
    return readByKubectl(kubectl, renderByHand({ tools, root, source, isMulti: !spec.source, instanceName, environment, ...facts }, type));
  });
}

/**
 * What the tools do not do: an object gets its tracking id, and its namespace is settled by whether its kind has one. Both are covered by
 * cases of their own, so they are taken out on both sides: the id, a namespace that says what is meant anyway, and maps that are empty then.
 */
function unsettled(object: Data): Data {
  const { annotations, labels, namespace, ...metadata } = object['metadata'] as Record<string, Data | undefined>; // an object of Kubernetes
  const { [TRACKING_ID]: _id, ...kept } = annotations ?? {};
  const isMeantAnyway = String(namespace ?? DESTINATION_NAMESPACE) === DESTINATION_NAMESPACE || CLUSTER_SCOPED.has(String(object['kind']));
  return {
    ...object,
    metadata: {
      ...metadata,
      ...(isMeantAnyway ? {} : { namespace }),
      ...(Object.keys(kept).length > 0 ? { annotations: kept } : {}),
      ...(Object.keys(labels ?? {}).length > 0 ? { labels } : {}),
    },
  };
}

async function commitOf(golden: GoldenCase): Promise<string> {
  await remote.git('rm', '-rqf', '--ignore-unmatch', '.');
  return remote.commit(repositoryOf(golden));
}

describe('desiredState is what the stock tools print', () => {
  it.each(casesOf('desired').filter((golden) => stockTypes(golden).some((type) => type !== '')))('$name', async (golden) => {
    const revision = await commitOf(golden);
    const spec = specOf(golden);
    const placed = sourcesIn(spec).map((source) => ({ ...source, repoURL: remote.url }));
    const own = { sources: spec.source ? undefined : placed, source: spec.source ? placed[0] : undefined };
    const { manifests } = await render(spec.name ?? 'shop', own as object, renderPorts({ kubectl, helm, renderer }, cacheDir));
    const ours: readonly Data[] = JSON.parse(JSON.stringify(manifests));
    expect(ours.map(unsettled)).toEqual(byHand(golden, revision).map(unsettled));
    compared.cases += 1;
    compared.objects += ours.length;
  });

  it('was held against enough of them', () => {
    expect(compared.cases).toBeGreaterThan(40);
    expect(compared.objects).toBeGreaterThan(150);
  });
});
