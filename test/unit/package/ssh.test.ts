// ssh collected for the git layer, from folders of the test's own.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { completeLibrariesOf } from '../../../infra/package/layers/libraries.ts';
import { sshFiles } from '../../../infra/package/layers/ssh.ts';
import { elfFile, type Sample } from './elf-file.ts';

let root = '';

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'evenkeel-ssh-'));
});

afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

function place(path: string, sample: Sample): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), elfFile(sample));
}

test('the C library and what it needs come along, whatever glibc they are of', () => {
  place('lib/libc.so.6', { needed: ['ld-linux-x86-64.so.2'], versions: { 'ld-linux-x86-64.so.2': ['GLIBC_PRIVATE'] } });
  place('lib/ld-linux-x86-64.so.2', {});
  place('lib/libcrypto.so.3', { needed: ['libc.so.6'], versions: { 'libc.so.6': ['GLIBC_2.38'] } });
  const content = elfFile({ needed: ['libcrypto.so.3', 'libc.so.6'], versions: { 'libc.so.6': ['GLIBC_2.36'] } });
  const libraries = completeLibrariesOf({ name: 'ssh', path: join(root, 'bin/ssh'), content }, [join(root, 'lib')]);
  expect(libraries.map(({ name }) => name).sort()).toEqual(['ld-linux-x86-64.so.2', 'libc.so.6', 'libcrypto.so.3']);
});

test('a machine without ssh is told what to install', () => {
  expect(() => sshFiles(join(root, 'bin'))).toThrow(/PATH leads to none: install OpenSSH's client \(Debian: openssh-client\)/);
});

test('an ssh that another loader starts is refused by name', () => {
  place('bin/ssh', { interpreter: '/lib/ld-musl-x86_64.so.1' });
  expect(() => sshFiles(join(root, 'bin'))).toThrow(
    `${root}/bin/ssh is started by /lib/ld-musl-x86_64.so.1, and not by /lib64/ld-linux-x86-64.so.2: build the package where`,
  );
});
