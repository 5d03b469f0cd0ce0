// desiredState with a real Git server, kustomize, kubectl and helm. The cases' sources name no repository: the runner fills it in.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { ApplicationSpec } from '../../lib/model/application.ts';
import { messageOf } from '../../lib/model/errors.ts';
import { parseJson } from '../../lib/model/json.ts';
import { repositoryOf } from '../support/case-repository.ts';
import { casesOf, type GoldenCase } from '../support/cases.ts';
import { type GitRemote, startGitRemote } from '../support/git-remote.ts';
import { render, renderPorts } from '../support/rendering.ts';

const { kubectl, helm, kustomize, renderer } = inject('world');
const cacheDir = mkdtempSync(join(tmpdir(), 'evk-render-'));
let remote: GitRemote;

beforeAll(async () => {
  remote = await startGitRemote();
});
afterAll(async () => {
  await remote.close();
  rmSync(cacheDir, { recursive: true, force: true });
});

const commits = new Map<string, string>();

/** Makes the repository that of a case; one that was committed for another tool is only pointed to. */
async function commitCase(golden: GoldenCase): Promise<string> {
  const known = commits.get(golden.name);
  if (known !== undefined) {
    await remote.git('push', '-q', '--force', 'origin', `${known}:refs/heads/main`);
    return known;
  }
  await remote.git('rm', '-rqf', '--ignore-unmatch', '.');
  const commit = await remote.commit(repositoryOf(golden));
  commits.set(golden.name, commit);
  return commit;
}

/** The spec of a case, with the repository in each source. */
function specOf(golden: GoldenCase, repoURL: string): Partial<ApplicationSpec> {
  const { source, sources } = golden.read('application.yaml') as { source?: object; sources?: object[] }; // ours, as the cases say
  return source ? { source: { ...source, repoURL } } : { sources: sources?.map((entry) => ({ ...entry, repoURL })) };
}

/** Instance name: `shop` unless the case is about another. */
function nameOf(golden: GoldenCase): string {
  return (golden.read('application.yaml') as { name?: string }).name ?? 'shop'; // ours, as the cases say
}

const CASES = casesOf('desired');
/** What only the renderer can says so. */
const STOCK = CASES.filter((golden) => (golden.read('application.yaml') as { only?: string }).only !== 'renderer'); // ours, as the cases say
describe.each([
  ['the renderer', { kubectl, helm, renderer }, CASES],
  ['kubectl', { kubectl, helm }, STOCK],
  ['kustomize', { kubectl, helm, kustomize }, STOCK.filter(({ name }) => name.startsWith('kustomize'))],
])('with %s', (tool, programs, cases) => {
  it.each(cases)('renders as expected: $name', async (golden) => {
    const commit = await commitCase(golden);
    const settings = (golden.read('argocd-cm.yaml') ?? {}) as Readonly<Record<string, string>>; // its data, as the cases say
    const outcome = await render(nameOf(golden), specOf(golden, remote.url), renderPorts(programs, cacheDir), { settings }).then(
      ({ manifests, conditions, closure, sourceTypes }) => ({
        sourceTypes,
        manifests,
        conditions,
        closure: closure.sources.map(({ paths, matching }) => ({ paths, ...(matching ? { matching } : {}) })),
      }),
      (error: Error) => ({ error: `${error.name}: ${messageOf(error)}` }),
    );
    // kubectl and kustomize name themselves in messages, and each run has another commit.
    const text = JSON.stringify(outcome)
      .replaceAll(commit.slice(0, 8), 'COMMIT')
      .replaceAll(commit.slice(0, 7), 'SHORT')
      .replaceAll('kubectl kustomize', 'kustomize build')
      .replaceAll(': error: ', ': Error: ');
    if (tool === 'the renderer') return golden.check(parseJson(text));
    // Another YAML parser has other words for what it cannot read.
    const file = golden.files.includes('expected-stock.yaml') ? 'expected-stock.yaml' : 'expected.yaml';
    return golden.check(withTraced(parseJson(text) as Parameters<typeof withTraced>[0], golden), file);
  });
});

/** The stock tools do not tell what they read: what is expected of them may be more than that, and never less. */
function withTraced(outcome: { closure?: unknown }, golden: GoldenCase): unknown {
  const expected = golden.read('expected.yaml') as { closure?: readonly { paths: string[] }[] }; // ours, as the cases say
  if (outcome.closure === undefined || expected.closure === undefined) return outcome;
  const planned = outcome.closure as readonly { paths: string[] }[]; // made above
  for (const [at, { paths }] of expected.closure.entries()) {
    const covers = (path: string) =>
      planned[at]?.paths.some((one) => one === path || one === '/' || (one.endsWith('/') && path.startsWith(one)));
    expect(paths.filter((path) => !covers(path))).toEqual([]);
  }
  return { ...outcome, closure: expected.closure };
}
