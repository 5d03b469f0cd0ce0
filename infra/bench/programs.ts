// Programs that the functions run, by a name of ours each, so that how often they run can be counted when counting is wanted.
import { execFile } from 'node:child_process';
import { chmod, mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

export interface CountedPrograms {
  /** Path to give to the functions, by program. */
  readonly paths: Readonly<Record<string, string>>;
  /** From now on each run leaves a mark; undone with false, since a mark costs the start of a shell. */
  count(on: boolean): Promise<void>;
  forget(): Promise<void>;
  /** Runs since counting began or was forgotten, by program. */
  runs(): Promise<Readonly<Record<string, number>>>;
}

/** `programs` by name; of the renderer, which stays and takes many, each request leaves a mark. */
export async function countedPrograms(dir: string, programs: Readonly<Record<string, string>>): Promise<CountedPrograms> {
  await mkdir(dir, { recursive: true });
  const names = Object.keys(programs);
  const marks = (name: string) => join(dir, `${name}.runs`);
  const place = async (name: string, real: string, counting: boolean) => {
    const fresh = join(dir, `${name}.new`);
    await rm(fresh, { force: true });
    if (counting) await writeFile(fresh, name === RENDERER ? requestMarks(real, marks(name)) : startMarks(real, marks(name)));
    else await symlink(real, fresh);
    if (counting) await chmod(fresh, 0o700);
    await rename(fresh, join(dir, name));
  };
  const forget = async () => void (await Promise.all(names.map((name) => rm(marks(name), { force: true }))));
  const count = async (on: boolean) => {
    await forget();
    await Promise.all(Object.entries(programs).map(([name, real]) => place(name, real, on)));
  };
  await count(false);
  return {
    paths: Object.fromEntries(names.map((name) => [name, join(dir, name)])),
    count,
    forget,
    runs: async () => Object.fromEntries(await Promise.all(names.map(async (name) => [name, await lengthOf(marks(name))] as const))),
  };
}

const RENDERER = 'renderer';

function startMarks(real: string, marks: string): string {
  return `#!/bin/sh\nprintf . >> '${marks}'\nexec '${real}' "$@"\n`;
}

/** A request is a line. */
function requestMarks(real: string, marks: string): string {
  const marking = `while IFS= read -r line; do printf . >> '${marks}'; printf '%s\\n' "$line"; done`;
  return `#!/bin/sh\n[ "$1" = fetch ] && exec '${real}' "$@"\n${marking} | '${real}' "$@"\n`;
}

async function lengthOf(path: string): Promise<number> {
  return (await readFile(path).catch(() => Buffer.alloc(0))).byteLength;
}

/** Where the machine's own git is. */
export async function gitPath(): Promise<string> {
  return (await promisify(execFile)('/bin/sh', ['-c', 'command -v git'])).stdout.trim();
}
