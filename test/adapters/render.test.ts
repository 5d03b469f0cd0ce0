// desiredState with a real Git server, kustomize, kubectl and helm. The cases' sources name no repository: the runner fills it in.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { closureEntries } from '../../lib/desired/closure.ts';
import type { ApplicationSpec } from '../../lib/model/application.ts';
import { messageOf } from '../../lib/model/errors.ts';
import { parseManifests } from '../../lib/model/yaml.ts';
import { casesOf, type GoldenCase } from '../support/cases.ts';
import { type GitRemote, startGitRemote } from '../support/git-remote.ts';
import { render, renderPorts } from '../support/rendering.ts';

const { kubectl, helm, kustomize } = inject('world');
const cacheDir = mkdtempSync(join(tmpdir(), 'evk-render-'));
afterAll(() => rmSync(cacheDir, { recursive: true, force: true }));

function filesBelow(dir: string, prefix = ''): Record<string, string> {
  const found = readdirSync(dir).map((name) => {
    const path = join(dir, name);
    return statSync(path).isDirectory() ? filesBelow(path, `${prefix}${name}/`) : { [prefix + name]: readFileSync(path, 'utf8') };
  });
  return Object.assign({}, ...found);
}

/** The spec of a case, with the repository in each source. */
function specOf(golden: GoldenCase, repoURL: string): Partial<ApplicationSpec> {
  const { source, sources } = golden.read('application.yaml') as { source?: object; sources?: object[] }; // ours, as the cases say
  return source ? { source: { ...source, repoURL } } : { sources: sources?.map((entry) => ({ ...entry, repoURL })) };
}

describe.each([
  ['kubectl', { kubectl, helm }],
  ['kustomize', { kubectl, helm, kustomize }],
])('with %s', (_name, programs) => {
  describe.each(casesOf('desired'))('$name', (golden) => {
    let remote: GitRemote;
    let commit: string;
    beforeAll(async () => {
      remote = await startGitRemote();
      commit = await remote.commit(filesBelow(join(golden.dir, 'repo')));
    });
    afterAll(() => remote.close());

    it('renders as expected', async () => {
      const outcome = await render('shop', specOf(golden, remote.url), renderPorts(programs, cacheDir)).then(
        ({ manifests, conditions, closure, sourceTypes }) => ({
          sourceTypes,
          manifests,
          conditions,
          closure: closure.sources.map(({ paths }) => paths),
        }),
        (error: Error) => ({ error: `${error.name}: ${messageOf(error)}` }),
      );
      // kubectl and kustomize name themselves in messages, and each run has another commit.
      const text = JSON.stringify(outcome)
        .replaceAll(commit.slice(0, 8), 'COMMIT')
        .replaceAll('kubectl kustomize', 'kustomize build')
        .replaceAll(': error: ', ': Error: ');
      golden.check(JSON.parse(text));
    });
  });
});

it.each(casesOf('desired').filter(({ name }) => name.startsWith('kustomize overlay')))(
  'a copy of the closure alone renders to the same: $name',
  async (golden) => {
    const remote = await startGitRemote();
    await remote.commit(filesBelow(join(golden.dir, 'repo')));
    const ports = renderPorts({ kubectl, helm, kustomize }, cacheDir);
    const spec = specOf(golden, remote.url);
    const { closure, revisions, manifests } = await render('shop', spec, ports);
    const checkout = await ports.repositories.checkout({ repoURL: remote.url }, revisions[0] ?? '', 'default');
    const copy = await checkout.copy(closureEntries(closure.sources[0]?.paths ?? [], checkout.files.tree));
    const text = await ports.tools.kustomize({ cwd: copy.dir, args: [`./${spec.source?.path}`] });
    expect(parseManifests(text, 'copy').map(({ kind, metadata: { name } }) => [kind, name])).toEqual(
      manifests.map(({ kind, metadata: { name } }) => [kind, name]),
    );
    await copy.release();
    checkout.release();
    await remote.close();
  },
);
