// Kustomizations that name what lies on other hosts: what must be fetched is said first, and built from what was fetched.
import { afterAll, describe, expect, inject, it } from 'vitest';
import { type Answer, type Files, layOut, startRenderer } from '../support/renderer.ts';

const process = startRenderer(inject('world').renderer);
afterAll(() => process.close());

const configMap = (name: string) => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\n`;

interface Fetched {
  readonly files: Files;
  readonly remotes: Readonly<Record<string, string>>;
}

/** Builds `app` of the files; entries of `remotes` are paths in what was fetched. */
async function build(files: Files, fetched?: Fetched, job: Readonly<Record<string, unknown>> = {}): Promise<Answer> {
  const [own, other] = [layOut(files), layOut(fetched?.files ?? {})];
  const remotes = Object.fromEntries(Object.entries(fetched?.remotes ?? {}).map(([text, path]) => [text, { root: 'remote-1', path }]));
  try {
    const roots = { '': own.dir, 'remote-1': other.dir };
    return await process.ask({ roots, job: { type: 'kustomize', folder: 'app', remotes, ...job } });
  } finally {
    own.remove();
    other.remove();
  }
}

const needs = (texts: readonly string[]) => texts.map((text) => ({ kind: 'remote', text }));
const named = (name: string) => ({ metadata: { name } });

describe('what must be fetched', () => {
  it('is said of every kind of entry, all at once', async () => {
    const file = (name: string) => `https://files.example/${name}.yaml`;
    const answer = await build({
      'app/kustomization.yaml': [
        `resources: [${file('resource')}, ../base, "git@git.example:o/r.git//sub?ref=v1", cm.yaml]`,
        `bases: [github.com/owner/base]`,
        `components: ["https://git.example/o/component.git?ref=main", ../part]`,
        `patches: [{path: ${file('patch')}}, {path: p.yaml}]`,
        `patchesJson6902: [{path: ${file('json-patch')}, target: {kind: ConfigMap}}]`,
        `patchesStrategicMerge: [${file('merge')}]`,
        `replacements: [{path: ${file('replacement')}}]`,
        `configurations: [${file('configuration')}]`,
        `crds: [${file('crd')}]`,
        `generators: [${file('generator')}]`,
        `transformers: [${file('transformer')}]`,
        `validators: [${file('validator')}]`,
        `configMapGenerator: [{name: a, files: [${file('one')}, key=${file('two')}], envs: [${file('envs')}], env: ${file('env')}}]`,
        `secretGenerator: [{name: a, files: [${file('secret')}]}]`,
        `openapi: {path: ${file('schema')}}`,
      ].join('\n'),
      'app/cm.yaml': configMap('a'),
      'app/p.yaml': configMap('a'),
      'base/kustomization.yaml': 'resources: ["ssh://git@git.example/o/deeper", cm.yaml]\n',
      'base/cm.yaml': configMap('b'),
      'part/kustomization.yaml':
        'apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources: [git::https://git.example/o/part]\n',
    });
    expect(answer).not.toHaveProperty('error');
    expect(answer).not.toHaveProperty('documents');
    const files = ['resource', 'patch', 'json-patch', 'merge', 'replacement', 'configuration', 'crd', 'generator', 'transformer'];
    const more = ['validator', 'one', 'two', 'envs', 'env', 'secret', 'schema'];
    const folders = ['git@git.example:o/r.git//sub?ref=v1', 'github.com/owner/base', 'https://git.example/o/component.git?ref=main'];
    const inner = ['ssh://git@git.example/o/deeper'];
    const byText = (texts: readonly string[]) => [...texts].sort();
    expect(byText((answer.needs ?? []).map(({ text }) => text ?? ''))).toEqual(
      expect.arrayContaining(byText([...[...files, ...more].map(file), ...folders, ...inner])),
    );
    expect(answer.needs?.every(({ kind }) => kind === 'remote')).toBe(true);
  });

  it.each([
    'https://host.example/o/r',
    'http://host.example/o/r',
    'HTTPS://host.example/o/r?ref=x',
    'ssh://git@host.example/o/r',
    'git@host.example:o/r',
    'user@host.example/o/r',
    'github.com/o/r',
    'GitHub.com:o/r/sub',
    'git::https://host.example/o/r.git//sub',
    'https://dev.azure.example/org/project/_git/repo/sub',
    'file:///somewhere/repo',
    'https://host.example/file.yaml',
  ])('is %s', async (text) => {
    expect(await build({ 'app/kustomization.yaml': `resources: ["${text}"]\n` })).toMatchObject({ needs: needs([text]) });
  });

  it.each([
    ['gitlab.com/o/r', 'no scheme and no user'],
    ['github.com/o', 'no repository'],
    ['host.example:o/r', 'no user'],
    ['oci://host.example/o/r', 'no scheme of Git'],
    ['git@host.example:o/r.git/../..', 'a path that leaves the repository'],
  ])('is not %s, which has %s', async (text) => {
    const { error, needs } = await build({ 'app/kustomization.yaml': `resources: ["${text}"]\n` });
    expect({ error, needs }).toEqual({ error: expect.stringContaining(`accumulating resources from '${text}'`), needs: undefined });
  });

  it('is not a file of the repository that is called like one', async () => {
    const answer = await build({ 'app/kustomization.yaml': 'resources: [github.com/o/r]\n', 'app/github.com/o/r': configMap('a') });
    expect(answer.documents).toMatchObject([named('a')]);
  });

  it('is a folder that is called like one, as kustomize clones first', async () => {
    const files = { 'app/kustomization.yaml': 'resources: [github.com/o/r]\n', 'app/github.com/o/r/kustomization.yaml': 'namePrefix: a\n' };
    expect(await build(files)).toMatchObject({ needs: needs(['github.com/o/r']) });
  });

  it('is found in fields that are merged, aliased, or written in another case', async () => {
    const text = 'https://host.example/o/r';
    const files = { 'app/kustomization.yaml': `Resources:\n- &it ${text}\nconfigMapGenerator:\n- name: a\n  <<: {files: [*it]}\n` };
    expect(await build(files)).toMatchObject({ needs: needs([text]) });
  });
});

describe('what was fetched', () => {
  const url = 'https://git.example/o/r//base?ref=v1';
  const remote: Fetched = {
    files: {
      'base/kustomization.yaml': 'resources: [cm.yaml, ../more]\nnamePrefix: r-\n',
      'base/cm.yaml': configMap('cm'),
      'more/kustomization.yaml': 'resources: [x.yaml]\n',
      'more/x.yaml': configMap('x'),
      'file.yaml': configMap('file'),
      'text.txt': 'text',
      'patch.yaml': '- {op: add, path: /data, value: {patched: "yes"}}\n',
    },
    remotes: { [url]: 'base', 'https://files.example/file.yaml?token=1': 'file.yaml', 'https://files.example/text.txt': 'text.txt' },
  };

  it('is built like a folder and like files of the kustomization', async () => {
    const kustomization = [
      `resources: ["${url}", "https://files.example/file.yaml?token=1"]`,
      'patches: [{path: "https://files.example/patch.yaml", target: {kind: ConfigMap, name: file}}]',
      'configMapGenerator: [{name: made, files: [https://files.example/text.txt, key=https://files.example/text.txt]}]',
      'generatorOptions: {disableNameSuffixHash: true}',
    ].join('\n');
    const remotes = { ...remote.remotes, 'https://files.example/patch.yaml': 'patch.yaml' };
    const answer = await build({ 'app/kustomization.yaml': kustomization }, { ...remote, remotes });
    expect(answer.error).toBeUndefined();
    expect(answer.documents).toMatchObject([
      { ...named('file'), data: { patched: 'yes' } },
      { ...named('made'), data: { 'text.txt': 'text', key: 'text' } },
      named('r-cm'),
      named('r-x'),
    ]);
    expect(answer.reads['remote-1']).toEqual(
      expect.arrayContaining(['base/cm.yaml', 'file.yaml', 'more/x.yaml', 'patch.yaml', 'text.txt']),
    );
  });

  it('is noted as coming from its repository, and the same in each answer', async () => {
    const files = {
      'app/kustomization.yaml': `resources: ["${url}", "https://git.example/o/f/file.yaml"]\nbuildMetadata: [originAnnotations]\n`,
    };
    const remotes = { ...remote.remotes, 'https://git.example/o/f/file.yaml': 'file.yaml' };
    const { documents } = await build(files, { ...remote, remotes });
    const origin = (text: string) => ({ metadata: { annotations: { 'config.kubernetes.io/origin': text } } });
    const clone = 'repo: https://git.example/o/r\nref: v1\n';
    expect(documents).toMatchObject([
      origin('path: file.yaml\nrepo: https://git.example/o/f\n'),
      origin(`path: base/cm.yaml\n${clone}`),
      origin(`path: more/x.yaml\n${clone}`),
    ]);
  });

  it('may need more in turn', async () => {
    const files = { ...remote.files, 'base/kustomization.yaml': 'resources: ["https://git.example/o/next"]\n' };
    const answer = await build({ 'app/kustomization.yaml': `resources: ["${url}"]\n` }, { ...remote, files });
    expect(answer).toMatchObject({ needs: needs(['https://git.example/o/next']) });
  });

  it('cannot lead out of its root, nor into that of the source', async () => {
    for (const path of ['../../x', '../../../../../../app', '../../source/app']) {
      const files = { ...remote.files, 'base/kustomization.yaml': `resources: ["${path}"]\n` };
      const { error } = await build(
        { 'app/kustomization.yaml': `resources: ["${url}"]\n`, 'app/x/kustomization.yaml': '' },
        { ...remote, files },
      );
      expect(error).toMatch(/leads outside the repository/);
    }
  });

  it('is called in messages as it was written, without password and query', async () => {
    const secret = 'https://user:canary-password@git.example/o/r?token=canary-token';
    const { error } = await build(
      { 'app/kustomization.yaml': `resources: ["${secret}"]\n` },
      { files: { 'base/kustomization.yaml': 'resources: [none.yaml]\n' }, remotes: { [secret]: 'base' } },
    );
    expect(error).toContain("accumulating resources from 'https://git.example/o/r'");
    expect(error).toContain('<path to cached remote>/base/none.yaml');
    expect(error).not.toMatch(/canary|[0-9A-Z]{20}/);
  });

  it('may be a repository that refers to itself, which is a cycle', async () => {
    const files = { 'base/kustomization.yaml': `resources: ["${url}"]\n` };
    const { error } = await build({ 'app/kustomization.yaml': `resources: ["${url}"]\n` }, { ...remote, files });
    expect(error).toContain('cycle detected');
  });
});
