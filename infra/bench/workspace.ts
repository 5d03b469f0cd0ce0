// A developer's clone: files are written, committed and pushed over HTTP.
import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Files } from './sample.ts';

const run = promisify(execFile);

export interface Workspace {
  readonly url: string;
  readonly dir: string;
  /** Commits files and pushes them. Answers when the push began and how long it took, in milliseconds of `performance.now()`. */
  push(files: Files): Promise<Pushed>;
}

export interface Pushed {
  readonly startedAt: number;
  readonly milliseconds: number;
  readonly commit: string;
}

/** An empty repository; its first push makes it on the server. */
export async function openWorkspace(dir: string, url: string): Promise<Workspace> {
  await mkdir(dir, { recursive: true });
  const git = async (...args: readonly string[]) => {
    const identity = ['-c', 'user.name=Bench', '-c', 'user.email=bench@example.com', '-c', 'gc.auto=0'];
    return (await run('git', ['-C', dir, ...identity, ...args])).stdout.trim();
  };
  await git('init', '-q', '-b', 'main');
  await git('remote', 'add', 'origin', url);
  return {
    url,
    dir,
    push: async (files) => {
      await Promise.all(Object.entries(files).map(([path, content]) => write(join(dir, path), content)));
      await git('add', '--all');
      await git('commit', '-q', '-m', 'bench');
      const commit = await git('rev-parse', 'HEAD');
      const startedAt = performance.now();
      await git('push', '-q', 'origin', 'HEAD:main');
      return { startedAt, milliseconds: performance.now() - startedAt, commit };
    },
  };
}

async function write(path: string, content: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
}
