// Folders in place of repositories, charts and files: what is taken from them, and what is not.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLocalRepositories } from '../../lib/adapters/local-repositories.ts';
import { InvalidInput } from '../../lib/model/errors.ts';
import type { GivenRepository } from '../../lib/model/given-repositories.ts';
import { DOWNLOADED_NAME } from '../../lib/model/rendering.ts';
import { entriesBelow } from '../../lib/model/tree.ts';
import type { Checkout } from '../../lib/ports.ts';
import { succeed } from '../support/program.ts';

const URL = 'https://git.example/shop.git';
const ZEROS = '0'.repeat(40);
const asking = { project: 'default', permits: () => true, notBefore: 0 };

let folder: string;
let dir: string;
let workDir: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'evk-local-'));
  [dir, workDir] = [join(folder, 'repo'), join(folder, 'work')];
  for (const each of [dir, workDir]) mkdirSync(each);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), text);
  }
}

const identity = ['-c', 'user.name=a', '-c', 'user.email=a@example.com', '-c', 'commit.gpgsign=false'];
const git = async (...args: readonly string[]) => (await succeed('git', ['-C', dir, ...identity, ...args])).trim();

async function commit(): Promise<string> {
  await git('init', '--quiet', '-b', 'main');
  await git('add', '--all');
  await git('commit', '--quiet', '--allow-empty', '-m', 'change');
  return git('rev-parse', 'HEAD');
}

const local = (...given: readonly GivenRepository[]) =>
  createLocalRepositories({ git: 'git', ssh: 'ssh', timeoutSeconds: 30, workDir, given });

async function checkout(given: Omit<GivenRepository, 'url'> = { dir }): Promise<Checkout> {
  const { repositories } = local({ url: URL, ...given });
  const revision = await repositories.resolveRevision({ repoURL: URL, path: '.' }, 0, 'default');
  return repositories.checkout({ repoURL: URL, path: '.' }, revision, 'default');
}

const textsOf = ({ files }: Checkout) => Object.fromEntries(entriesBelow(files.tree, '').map((path) => [path, files.read(path)]));
const faultOf = (promise: Promise<unknown>) => promise.then(() => expect.fail('no fault'), String);

describe('the files of a folder as they are now', () => {
  it('are all of them, where the folder is no Git repository', async () => {
    write({ 'a.yaml': 'a', 'below/b.yaml': 'b', '.gitignore': 'a.yaml' });
    symlinkSync('a.yaml', join(dir, 'link.yaml'));
    const found = await checkout();
    expect(textsOf(found)).toEqual({ '.gitignore': 'a.yaml', 'a.yaml': 'a', 'below/b.yaml': 'b', 'link.yaml': 'a' });
    expect(found.files.tree.entries.get('link.yaml')).toMatchObject({ kind: 'link', target: 'a.yaml' });
    expect(found.revision).toBe(ZEROS);
  });

  it('are those of a work tree with every change, of HEAD, and without what Git ignores', async () => {
    write({ 'a.yaml': 'a', 'gone.yaml': 'gone', 'forced.log': 'forced' });
    const head = await commit();
    write({ 'a.yaml': 'changed', 'new.yaml': 'new', '.gitignore': '*.log', 'other.log': 'log', 'private.yaml': 'p' });
    write({ '.git/info/exclude': 'private.yaml' });
    rmSync(join(dir, 'gone.yaml'));
    const before = await git('status', '--short', '--ignored');
    const objects = readdirSync(join(dir, '.git/objects'));
    const found = await checkout();
    expect(textsOf(found)).toEqual({ '.gitignore': '*.log', 'a.yaml': 'changed', 'forced.log': 'forced', 'new.yaml': 'new' });
    expect(readFileSync(join(found.dir, 'a.yaml'), 'utf8')).toBe('changed');
    expect(found.revision).toBe(head);
    expect(await git('status', '--short', '--ignored')).toBe(before);
    expect(readdirSync(join(dir, '.git/objects'))).toEqual(objects);
  });

  it('are there before the first commit, and in a linked work tree', async () => {
    write({ 'a.yaml': 'a' });
    await git('init', '--quiet', '-b', 'main');
    expect(await checkout()).toMatchObject({ revision: ZEROS });
    const head = await commit();
    const linked = join(folder, 'linked');
    await git('worktree', 'add', '--quiet', linked);
    writeFileSync(join(linked, 'b.yaml'), 'b');
    const found = await checkout({ dir: linked });
    expect(textsOf(found)).toEqual({ 'a.yaml': 'a', 'b.yaml': 'b' });
    expect(found.revision).toBe(head);
  });

  it('belong to no commit in a folder below a work tree', async () => {
    write({ 'below/a.yaml': 'a' });
    await commit();
    expect(await checkout({ dir: join(dir, 'below') })).toMatchObject({ revision: ZEROS });
  });

  it('end where another repository begins, as in Git', async () => {
    write({ 'a.yaml': 'a' });
    await commit();
    await succeed('git', ['init', '--quiet', join(dir, 'inner')]);
    expect(await faultOf(checkout())).toMatch(/^InvalidInput: \S+ cannot be read: .*'inner\/' does not have a commit checked out$/);
    write({ 'inner/b.yaml': 'b' });
    await git('-C', 'inner', 'add', '--all');
    await git('-C', 'inner', 'commit', '--quiet', '-m', 'inner');
    const found = await checkout();
    expect(found.files.tree.entries.get('inner')).toMatchObject({ kind: 'module' });
    expect(textsOf(found)).toEqual({ 'a.yaml': 'a', inner: undefined });
  });

  it('run no program that the repository names', async () => {
    write({ 'a.yaml': 'a', '.gitattributes': '* filter=evil\n' });
    await commit();
    await git('config', 'filter.evil.clean', `touch ${join(folder, 'canary')}; cat`);
    await git('config', 'core.fsmonitor', `touch ${join(folder, 'canary')}`);
    write({ 'a.yaml': 'changed' });
    expect(textsOf(await checkout())).toMatchObject({ 'a.yaml': 'changed' });
    expect(readdirSync(folder)).not.toContain('canary');
  });
});

describe('a revision', () => {
  it('is a commit, a tag or a branch, of a work tree and of a bare repository', async () => {
    write({ 'a.yaml': 'first' });
    const first = await commit();
    await git('tag', '-a', 'v1', '-m', 'v1');
    write({ 'a.yaml': 'second' });
    const second = await commit();
    write({ 'a.yaml': 'not committed' });
    const bare = join(folder, 'bare.git');
    await git('clone', '--quiet', '--bare', dir, bare);
    for (const place of [dir, bare]) {
      for (const revision of [first, first.slice(0, 8), 'v1', 'main~1']) {
        const found = await checkout({ dir: place, revision });
        expect([revision, found.revision, textsOf(found)]).toEqual([revision, first, { 'a.yaml': 'first' }]);
      }
      expect(await checkout({ dir: place, revision: 'main' })).toMatchObject({ revision: second });
    }
    expect(textsOf(await checkout({ dir: bare }))).toEqual({ 'a.yaml': 'second' });
  });

  it('is that of the remote where a clone has no branch of its own', async () => {
    write({ 'a.yaml': 'a' });
    const head = await commit();
    await git('update-ref', 'refs/remotes/origin/feature', head);
    expect(await checkout({ dir, revision: 'feature' })).toMatchObject({ revision: head });
  });

  it.each(['nope', '--help', 'main\nHEAD', 'f'.repeat(40), ''])('that is not there is refused: %j', async (revision) => {
    write({ 'a.yaml': 'a' });
    await commit();
    expect(await faultOf(checkout({ dir, revision }))).toBe(
      `InvalidInput: unable to resolve '${revision}' to a commit SHA: revision not found`,
    );
  });

  it('needs a Git repository', async () => {
    expect(await faultOf(checkout({ dir, revision: 'main' }))).toContain("is no Git repository: it has no revision 'main'");
  });

  it('that is asked for as a tag is no branch', async () => {
    write({ 'a.yaml': 'a' });
    const head = await commit();
    const { repositories } = local({ url: URL, dir });
    const tag = (name: string) => repositories.resolveRevision({ repoURL: URL, targetRevision: `refs/tags/${name}` }, 0, undefined);
    expect(await faultOf(tag('main'))).toMatch(/revision not found$/);
    expect(await tag('v1')).toBe(head);
    await git('tag', 'main');
    expect(await tag('main')).toBe(head);
  });
});

describe('a chart', () => {
  const charts = 'https://charts.example';
  const chart = (name: string, version: string) => ({ [`Chart.yaml`]: `apiVersion: v2\nname: ${name}\nversion: ${version}\n` });
  const source = (name: string, targetRevision: string) => ({ repoURL: charts, chart: name, targetRevision });
  const below = (name: string, files: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(files).map(([path, text]) => [`${name}/${path}`, text]));

  it('beside oci:// is ignored: the folder is what repoURL names', async () => {
    write({ ...below('redis', chart('redis', '1.2.3')), 'Chart.yaml': 'name: whole' });
    const repoURL = 'oci://registry.example/whole';
    const { repositories } = local({ url: repoURL, dir });
    const named = { repoURL, chart: 'redis', targetRevision: '9.9.9' };
    const revision = await repositories.resolveRevision(named, 0, 'default');
    expect((await repositories.checkout(named, revision, 'default')).files.read('Chart.yaml')).toBe('name: whole');
  });

  it('is in the folder of its repository by name, or is that folder, with all of its files', async () => {
    write({ ...below('redis', { ...chart('redis', '1.2.3'), '.gitignore': '*', 'values.yaml': 'a: b' }), ...chart('shop', '2.0.0') });
    await commit();
    const { repositories } = local({ url: charts, dir });
    expect(await repositories.resolveRevision(source('redis', '^1'), 0, 'default')).toBe('1.2.3');
    const found = await repositories.checkout(source('redis', '^1'), '1.2.3', 'default');
    expect(Object.keys(textsOf(found))).toEqual(['.gitignore', 'Chart.yaml', 'values.yaml']);
    expect(await repositories.resolveRevision(source('team/shop', '2.0.0'), 0, 'default')).toBe('2.0.0');
  });

  it('has to be the version that is asked for', async () => {
    write(below('redis', chart('redis', '1.2.3')));
    const { repositories, charts: ports } = local({ url: charts, dir });
    const need = { kind: 'chart', repository: charts, name: 'redis', locked: '' } as const;
    expect(await (await ports.dependency({ ...need, version: '1.x' }, asking)).fetch(0)).toMatchObject({ revision: '1.2.3' });
    expect(await faultOf(ports.dependency({ ...need, version: '2.x' }, asking))).toBe(
      'InvalidInput: chart redis is version 1.2.3 in its folder, and the chart that depends on it asks for 2.x',
    );
    expect(await faultOf(repositories.resolveRevision(source('redis', '1.2.4'), 0, 'default'))).toContain('the Application asks for 1.2.4');
  });

  it.each(['nowhere', '../outside', '/etc', 'link'])('that is not in the folder is refused: %s', async (name) => {
    mkdirSync(join(folder, 'outside'));
    writeFileSync(join(folder, 'outside/Chart.yaml'), 'apiVersion: v2\nname: outside\nversion: 1.0.0\n');
    symlinkSync('../outside', join(dir, 'link'));
    const { repositories } = local({ url: charts, dir });
    const fault = await faultOf(repositories.resolveRevision(source(name, '1.0.0'), 0, 'default'));
    expect(fault).toMatch(/^InvalidInput: (there is no chart \S+ in |\S+ is a link that leads out of )/);
  });
});

describe('a file at a URL', () => {
  it('is in the folder that stands for the beginning of the URL', async () => {
    write({ 'crds/all.yaml': 'all' });
    const { downloads } = local({ url: 'https://files.example/v1', dir });
    const found = await downloads.download('https://files.example/v1/crds/all.yaml?x=y', 0);
    expect(readFileSync(join(found.dir, DOWNLOADED_NAME), 'utf8')).toBe('all');
    expect(textsOf(found)).toEqual({ [DOWNLOADED_NAME]: 'all' });
    expect(await faultOf(downloads.download('https://files.example/v1/../v2/all.yaml', 0))).toContain(
      '--repo https://files.example/v2=DIR',
    );
    expect(await faultOf(downloads.download('https://files.example/v1/%2e%2e/%2e%2e/etc/passwd', 0))).toMatch(/^InvalidInput: /);
    expect(await faultOf(downloads.download('https://files.example/v1/..%2F..%2Fetc/passwd', 0))).toContain('is not in ');
    expect(await faultOf(downloads.download('https://files.example/v1/none.yaml', 0))).toContain('none.yaml is not in ');
  });
});

describe('what no folder stands for', () => {
  it('is refused with the flag that gives one, and without a password', async () => {
    const repoURL = 'https://user:canary@git.example/other.git';
    const { repositories, charts } = local({ url: URL, dir });
    const message = 'InvalidInput: no folder is given for https://git.example/other.git: add --repo https://git.example/other.git=DIR';
    expect(await faultOf(repositories.resolveRevision({ repoURL }, 0, 'default'))).toBe(message);
    expect(await faultOf(repositories.checkout({ repoURL }, ZEROS, 'default'))).toBe(message);
    const need = { kind: 'chart', repository: repoURL, name: 'redis', version: '1', locked: '' } as const;
    expect(await faultOf(charts.dependency(need, asking))).toBe(message);
  });

  it('is a folder that is none', () => {
    expect(() => local({ url: URL, dir: join(folder, 'none') })).toThrow(InvalidInput);
  });
});
