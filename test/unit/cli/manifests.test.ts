import { describe, expect, it } from 'vitest';
import { Exit } from '../../../lib/cli/exit.ts';
import { buildProgram } from '../../../lib/cli/program.ts';
import { pickApplication } from '../../../lib/cli/request/pick.ts';
import type { Shell } from '../../../lib/cli/shell.ts';
import { manifestsText } from '../../../lib/cli/view/manifests.ts';
import { InvalidInput } from '../../../lib/model/errors.ts';
import {
  type GivenRepository,
  givenFor,
  givenRepositories,
  missingRepositories,
  missingText,
} from '../../../lib/model/given-repositories.ts';
import { recordingShell } from './shell.ts';

const application = (name: string, more = '') => `apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: ${name}${more}}\n`;
const other = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: shop}\n';
const shop = application('shop');

describe('the Application of a file', () => {
  it.each([
    ['the only one', shop, undefined, 'shop'],
    ['the only one beside other kinds', `${other}---\n${shop}---\n${other}`, undefined, 'shop'],
    ['the one that is named', `${shop}---\n${application('till')}`, 'till', 'till'],
    ['the one that is named with its namespace', `${application('shop', ', namespace: a')}---\n${shop}`, 'a/shop', 'shop'],
    ['one in a list', `apiVersion: v1\nkind: List\nitems:\n- ${shop.replaceAll('\n', '\n  ')}`, undefined, 'shop'],
  ])('is %s', (_what, text, name, expected) => {
    expect(pickApplication(text, 'f.yaml', name)).toMatchObject({ kind: 'Application', metadata: { name: expected } });
  });

  it.each([
    ['none', '', undefined, InvalidInput, 'f.yaml holds no Application'],
    ['another kind alone', other, undefined, InvalidInput, 'f.yaml holds no Application'],
    ['another group', shop.replace('argoproj.io', 'app.k8s.io'), undefined, InvalidInput, 'f.yaml holds no Application'],
    [
      'several and no name',
      `${shop}---\n${application('till', ', namespace: b')}`,
      undefined,
      Exit,
      'f.yaml holds several Applications, name one: shop, b/till',
    ],
    ['another name', shop, 'till', InvalidInput, 'f.yaml holds no Application till, it holds shop'],
    [
      'one name in two namespaces',
      `${application('shop', ', namespace: a')}---\n${application('shop', ', namespace: b')}`,
      'shop',
      Exit,
      'f.yaml holds several Applications, name one: a/shop, b/shop',
    ],
    ['no YAML', 'a: [', undefined, InvalidInput, 'Failed to unmarshal "f.yaml": line 2: '],
  ])('is refused for %s', (_what, text, name, kind, message) => {
    const pick = () => pickApplication(text, 'f.yaml', name);
    expect(pick).toThrow(kind);
    expect(pick).toThrow(message);
  });
});

describe('--repo', () => {
  it.each([
    ['https://git.example/shop.git=.', 'https://git.example/shop.git', '.'],
    ['https://user:pa=ss@git.example/shop=../shop', 'https://user:pa=ss@git.example/shop', '../shop'],
    ['git@git.example:shop.git=/srv/shop', 'git@git.example:shop.git', '/srv/shop'],
    ['registry.example/charts=charts', 'registry.example/charts', 'charts'],
  ])('takes %s apart', (text, url, dir) => {
    expect(givenRepositories([text])).toEqual([{ url, dir }]);
  });

  it.each([
    [['https://user:canary@git.example/shop'], '--repo https://git.example/shop: expected URL=DIR'],
    [['https://git.example/shop='], '--repo https://git.example/shop=: expected URL=DIR'],
    [['=dir'], '--repo =dir: expected URL=DIR'],
    [['https://git.example/shop=a', 'https://user:canary@git.example/Shop.git=b'], '--repo https://git.example/Shop.git is given twice'],
  ])('refuses %j', (texts, message) => {
    expect(() => givenRepositories(texts)).toThrow(new InvalidInput(message));
  });
});

describe('a folder', () => {
  const given = (url: string): readonly GivenRepository[] => [{ url, dir: '.' }];

  it.each([
    ['https://git.example/shop', 'https://git.example/Shop.git'],
    ['https://git.example/shop', 'https://user:password@git.example/shop.git'],
    ['ssh://git@git.example/shop', 'git@git.example:shop.git'],
    ['registry.example/charts', 'registry.example/charts'],
    ['@stable', '@stable'],
  ])('for %s stands for %s', (url, repoURL) => {
    expect(givenFor(given(url), repoURL)).toBeDefined();
    expect(missingRepositories(given(url), [repoURL])).toEqual([]);
  });

  it.each([
    ['https://git.example/shop', 'https://git.example/other'],
    ['https://git.example/shop', 'git@git.example:shop'],
    ['https://git.example/shop', 'https://git.example:8443/shop'],
  ])('for %s does not stand for %s', (url, repoURL) => {
    expect(missingRepositories(given(url), [repoURL, repoURL])).toEqual([repoURL]);
  });

  it('that is missing is asked for by the flags that give it', () => {
    expect(missingText(['https://u:canary@a.example/a', 'b'])).toBe(
      'no folder is given for https://a.example/a, b: add --repo https://a.example/a=DIR --repo b=DIR',
    );
  });
});

describe('manifests as text', () => {
  const id = { 'argocd.argoproj.io/tracking-id': 'shop:apps/Deployment:shop/web' };
  const web = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', annotations: id } };
  const job = { apiVersion: 'batch/v1', kind: 'Job', metadata: { generateName: 'migrate-', annotations: { ...id, a: 'b' } } };
  const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'y' } };

  it('are YAML documents, a JSON list, or names as kubectl writes them', () => {
    expect(manifestsText([map, web], 'yaml')).toBe(
      '---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: "y"\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n' +
        '  annotations:\n    argocd.argoproj.io/tracking-id: shop:apps/Deployment:shop/web\n',
    );
    expect(JSON.parse(manifestsText([web, map], 'json'))).toEqual([web, map]);
    expect(manifestsText([web, job, map], 'name')).toBe('deployment.apps/web\njob.batch/migrate-\nconfigmap/y\n');
  });

  it('are an empty list when there are none', () => {
    expect([manifestsText([], 'yaml'), manifestsText([], 'json'), manifestsText([], 'name')]).toEqual(['', '[]\n', '']);
  });
});

describe('app manifests', () => {
  const source = 'repoURL: https://git.example/shop.git, path: .';
  const spec = (text: string) => `${shop}spec: {project: default, ${text}}\n`;
  const destination = 'destination: {name: prod, namespace: shop}';

  async function run(stdin: string, ...args: string[]): Promise<unknown> {
    const { shell } = recordingShell(0);
    const fed: Shell = { ...shell, terminal: { ...shell.terminal, readStdin: async () => stdin } };
    return buildProgram(fed)
      .parseAsync(['app', 'manifests', ...args], { from: 'user' })
      .then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
  }

  it.each([
    ['no file', '', [], 1, 'name the file that holds the Application with --file, - for standard input'],
    ['flags for a cluster', '', ['--source', 'live'], 1, '--source is not there yet: app manifests renders folders, see --repo'],
    [
      'a repository without a folder',
      spec(`source: {${source}}, ${destination}`),
      ['--file', '-'],
      1,
      'no folder is given for https://git.example/shop.git: add --repo https://git.example/shop.git=DIR',
    ],
    [
      'a source without a path',
      spec(`source: {repoURL: https://git.example/shop.git}, ${destination}`),
      ['--file', '-'],
      1,
      'spec.source.repoURL and either spec.source.path or spec.source.chart are required',
    ],
    ['no destination', spec(`source: {${source}}, destination: {}`), ['--file', '-'], 1, 'Destination server missing from app spec'],
    [
      'another namespace',
      spec(`source: {${source}}, ${destination}`).replace('{name: shop}', '{name: shop, namespace: team}'),
      ['--file', '-'],
      1,
      "application 'shop' in namespace 'team' is not permitted to use project 'default'",
    ],
    [
      'a spec that does not parse',
      spec(`source: {repoURL: [a], path: .}, ${destination}`),
      ['--file', '-'],
      1,
      'Application is not valid: spec.source.repoURL: Invalid input: expected string, received array',
    ],
    [
      'a revision of two repositories',
      spec(`sources: [{${source}}, {repoURL: https://git.example/values, ref: values}], ${destination}`),
      ['--file', '-', '--revision', 'main', '--repo', 'https://git.example/shop=a', '--repo', 'https://u:canary@git.example/values=b'],
      1,
      '--revision is of one repository, and the sources have several (https://git.example/shop, https://git.example/values): check it out where it counts',
    ],
    [
      'a revision of a chart',
      spec(`source: {repoURL: https://charts.example, chart: shop, targetRevision: 1.0.0}, ${destination}`),
      ['--file', '-', '--revision', 'main', '--repo', 'https://charts.example=a'],
      1,
      '--revision is of a Git repository, and the sources are charts',
    ],
  ])('ends for %s', async (_what, stdin, args, code, message) => {
    const thrown = await run(stdin, ...args);
    expect(thrown).toBeInstanceOf(Exit);
    expect(thrown).toMatchObject({ code, message });
  });

  it.each([
    ['another output', ['-o', 'xml'], 'unknown output format: xml'],
    ['a file that is not there', ['--file', '/no/such/file'], 'cannot read /no/such/file: '],
    ['a --repo without a folder', ['--file', '-', '--repo', 'https://git.example/shop'], 'expected URL=DIR'],
    ['a ConfigMap that is not there', ['--file', '-', '--argocd-cm-path', '/no/such/file'], 'cannot read /no/such/file: '],
  ])('refuses %s', async (_what, args, message) => {
    const thrown = await run(spec(`source: {${source}}, ${destination}`), ...args);
    expect(thrown).toBeInstanceOf(InvalidInput);
    expect((thrown as InvalidInput).message).toContain(message);
  });
});
