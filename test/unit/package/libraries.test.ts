// Libraries found where the loader would find them, in folders of the test's own.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { librariesOf } from '../../../infra/package/layers/libraries.ts';
import { elfFile, type Sample } from './elf-file.ts';

let root = '';

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'evenkeel-libraries-'));
});

afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

function place(path: string, sample: Sample): void {
  mkdirSync(join(root, path, '..'), { recursive: true });
  writeFileSync(join(root, path), elfFile(sample));
}

function program(sample: Sample) {
  return { name: 'git', path: join(root, 'bin/git'), content: elfFile(sample) };
}

function found(sample: Sample, ...folders: readonly string[]): readonly string[] {
  const libraries = librariesOf(
    [program(sample)],
    folders.map((folder) => join(root, folder)),
  );
  return libraries.map(({ path }) => path.slice(root.length + 1)).sort();
}

test('libraries of libraries come along, each once, but for the runtime’s own', () => {
  place('lib/liba.so.1', { needed: ['libb.so.2', 'libc.so.6'] });
  place('lib/libb.so.2', { needed: ['liba.so.1', 'libm.so.6'] });
  expect(found({ needed: ['liba.so.1', 'libb.so.2', 'libc.so.6'] }, 'lib')).toEqual(['lib/liba.so.1', 'lib/libb.so.2']);
});

test('a folder that the program names goes before the system’s', () => {
  place('own/liba.so.1', {});
  place('lib/liba.so.1', {});
  expect(found({ needed: ['liba.so.1'], runpath: '$ORIGIN/../own' }, 'lib')).toEqual(['own/liba.so.1']);
});

test('a library for another machine is passed by', () => {
  place('lib32/liba.so.1', { machine: 3 });
  place('lib64/liba.so.1', {});
  expect(found({ needed: ['liba.so.1'] }, 'lib32', 'lib64')).toEqual(['lib64/liba.so.1']);
});

test('a library that is nowhere is named, with who wants it and where it was looked for', () => {
  place('lib/liba.so.1', { needed: ['libgone.so.3'] });
  expect(() => found({ needed: ['liba.so.1'] }, 'lib')).toThrow(
    `${root}/lib/liba.so.1 needs libgone.so.3, which is in none of ${root}/lib: install it`,
  );
});

test('every file that the runtime cannot run is named, with the way out', () => {
  place('lib/liba.so.1', { versions: { 'libc.so.6': ['GLIBC_2.38'] } });
  place('lib/libb.so.1', { versions: { 'libm.so.6': ['GLIBC_2.35'] } });
  expect(() => found({ needed: ['liba.so.1', 'libb.so.1'], versions: { 'libc.so.6': ['GLIBC_2.34'] } }, 'lib')).toThrow(
    `${root}/lib/liba.so.1 needs GLIBC_2.38, and the runtime has glibc 2.34; ` +
      `${root}/lib/libb.so.1 needs GLIBC_2.35, and the runtime has glibc 2.34: build the package where git was made for that glibc or an ` +
      'older one, such as Debian 12 or Amazon Linux 2023 (a container will do)',
  );
});
