// What programs and libraries say that they need, read from good files and from damaged ones.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readElf } from '../../../infra/package/layers/elf.ts';
import { InvalidInput } from '../../../lib/model/errors.ts';
import { elfFile } from './elf-file.ts';

const PROGRAM = elfFile({
  interpreter: '/lib64/ld-linux-x86-64.so.2',
  needed: ['libz.so.1', 'libc.so.6'],
  runpath: '$ORIGIN/../lib:/opt/lib',
  versions: { 'libc.so.6': ['GLIBC_2.4', 'GLIBC_2.34', 'GLIBC_2.38?'], 'libz.so.1': ['ZLIB_1.2.3'] },
});

describe('an ELF file', () => {
  test('names its loader, its libraries, where they are and which versions of them it needs', () => {
    expect(readElf(PROGRAM, 'git')).toEqual({
      interpreter: '/lib64/ld-linux-x86-64.so.2',
      needed: ['libz.so.1', 'libc.so.6'],
      searchPath: ['$ORIGIN/../lib', '/opt/lib'],
      versions: [
        { library: 'libc.so.6', version: 'GLIBC_2.4' },
        { library: 'libc.so.6', version: 'GLIBC_2.34' },
        { library: 'libz.so.1', version: 'ZLIB_1.2.3' },
      ],
    });
  });

  test('that is a library names no loader, and may need nothing', () => {
    expect(readElf(elfFile({}), 'libfree.so')).toEqual({ interpreter: undefined, needed: [], searchPath: [], versions: [] });
  });

  test.each([
    ['for another machine', elfFile({ machine: 183 })],
    ['a script', Buffer.from(`#!/bin/sh\n${'#'.repeat(100)}`)],
    ['empty', Buffer.alloc(0)],
  ])('that is %s is refused by name', (_, file) => {
    expect(() => readElf(file, '/usr/bin/git')).toThrow(new InvalidInput('/usr/bin/git is no program or library for Linux on x86-64'));
  });

  test('whose strings are outside of it is damaged', () => {
    expect(() => readElf(PROGRAM.subarray(0, 300), '/usr/bin/git')).toThrow(/^\/usr\/bin\/git is damaged: /);
  });

  test('with any bytes changed or cut off is read or refused, never anything else', () => {
    const change = fc.record({ at: fc.nat(PROGRAM.length - 1), byte: fc.nat(255) });
    const length = fc.integer({ min: 64, max: PROGRAM.length });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 8 }), length, (changes, cut) => {
        const whole = Buffer.from(PROGRAM);
        for (const { at, byte } of changes) whole[at] = byte;
        expect(faultIn(whole.subarray(0, cut))).toSatisfy((fault) => fault === undefined || fault instanceof InvalidInput);
      }),
      { numRuns: 2000 },
    );
  });
});

function faultIn(file: Buffer): unknown {
  try {
    readElf(file, 'git');
    return undefined;
  } catch (thrown) {
    return thrown;
  }
}
