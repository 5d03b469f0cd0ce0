// The shop's repository as its developers work with it: a clone, edits, commits, pushes over HTTP.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { copyBookstore } from '../../kubernetes/examples/bookstore.ts';
import { execute, type Scene } from './scene.ts';

export const CATALOG = 'registry.example.com/bookstore/catalog';

export interface Shop {
  readonly dir: string;
  readonly url: string;
  /** Changes a file, commits and pushes; returns the commit. */
  edit(file: string, change: (text: string) => string, message: string): Promise<string>;
  /** Any change of the working copy, as one commit. */
  change(message: string, work: (dir: string) => Promise<void>): Promise<string>;
  /** Takes the last commit back with a commit of its own. */
  revert(): Promise<string>;
  /** Sets an image by digest with the sample's own CI script. */
  bumpImage(environment: string, image: string, digest: string): Promise<string>;
  promote(from: string, to: string, image: string): Promise<string>;
  git(...args: readonly string[]): Promise<string>;
}

/** Puts the sample into a repository of its own on the local Git server. */
export async function openShop(scene: Scene): Promise<Shop> {
  const { host } = scene;
  const dir = join(host.folder, 'bookstore');
  const url = `${host.gitUrl}/bookstore.git`;
  await copyBookstore(dir, url);
  const git = gitIn(scene, dir);
  await git('init', '-q', '-b', 'main');
  await git('remote', 'add', 'origin', url);
  await commit(git, 'the Bookstore');
  return shopIn(scene, dir, url, git);
}

type Git = (...args: readonly string[]) => Promise<string>;

function gitIn({ host, signal }: Scene, dir: string): Git {
  return async (...args) => {
    const identity = ['-c', 'user.name=Bookstore', '-c', 'user.email=bookstore@example.com'];
    const { code, stdout, stderr } = await execute(host.tools.git, ['-C', dir, ...identity, ...args], { signal });
    if (code !== 0) throw new Error(`git ${args.join(' ')}: ${stderr.trim()}`);
    return stdout.trim();
  };
}

async function commit(git: Git, message: string): Promise<string> {
  await git('add', '--all');
  await git('commit', '-q', '-m', message);
  return push(git);
}

async function push(git: Git): Promise<string> {
  await git('push', '-q', 'origin', 'HEAD:main');
  return git('rev-parse', 'HEAD');
}

function shopIn(scene: Scene, dir: string, url: string, git: Git): Shop {
  const pull = () => git('pull', '-q', '--rebase', 'origin', 'main');
  const changed = async (message: string, work: (folder: string) => Promise<void>) => {
    await pull();
    await work(dir);
    return commit(git, message);
  };
  return {
    dir,
    url,
    git,
    edit: (file, change, message) => changed(message, (folder) => rewrite(join(folder, file), change)),
    change: changed,
    revert: async () => {
      await pull();
      await git('revert', '--no-edit', 'HEAD');
      return push(git);
    },
    bumpImage: (environment, image, digest) => script(scene, dir, url, 'bump-image.sh', environment, image, digest),
    promote: (from, to, image) => script(scene, dir, url, 'promote.sh', from, to, image),
  };
}

export async function rewrite(path: string, change: (text: string) => string): Promise<void> {
  await writeFile(path, change(await readFile(path, 'utf8')));
}

async function script({ host, signal }: Scene, dir: string, url: string, name: string, ...args: readonly string[]): Promise<string> {
  const env = { ...process.env, GIT_URL: url, GIT: host.tools.git, KUSTOMIZE: host.tools.kustomize };
  const { code, stdout, stderr } = await execute(join(dir, 'ci', name), args, { env, signal });
  if (code !== 0) throw new Error(`${name} ${args.join(' ')}: ${stderr.trim()}`);
  return stdout.trim();
}
