// Archives written and read back, by our own reader and as bytes.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { listZipped, readZipped } from '../../../infra/local/cache/zip.ts';
import { zipOf } from '../../../infra/package/zip.ts';

const FILES = [
  { path: 'git/bin/git', content: Buffer.from('#!/bin/sh\n'), executable: true },
  { path: 'functions/webhook.mjs', content: Buffer.from('export {};\n'.repeat(100)) },
  { path: 'été/empty', content: Buffer.alloc(0) },
];

describe('an archive', () => {
  test('keeps each file with its permissions, in the order of their paths', async () => {
    const archive = await zipOf(FILES);
    expect(listZipped(archive)).toEqual([
      { name: 'functions/webhook.mjs', size: 1100, mode: 0o644 },
      { name: 'git/bin/git', size: 10, mode: 0o755 },
      { name: 'été/empty', size: 0, mode: 0o644 },
    ]);
    for (const { path, content } of FILES) expect(await readZipped(archive, path)).toEqual(content);
  });

  test('is the same whatever the order and the time of day', async () => {
    expect(await zipOf([...FILES].reverse())).toEqual(await zipOf(FILES));
  });

  test('carries the first date that the format knows, and says that it was made on Unix', async () => {
    const [file] = FILES;
    const archive = await zipOf(file ? [file] : []);
    const entry = archive.indexOf(Buffer.from([0x50, 0x4b, 1, 2]));
    expect(archive.subarray(entry + 4, entry + 16).toString('hex')).toBe('140314000008080000002100');
    expect(archive.readUInt16LE(entry + 40).toString(8)).toBe('100755');
  });

  test('gives back any files', async () => {
    const path = fc.stringMatching(/^[a-z]{1,8}(\/[a-z]{1,8}){0,2}$/);
    const file = fc.record({
      path,
      content: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
      executable: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(file, { selector: (one) => one.path, maxLength: 6 }), async (files) => {
        const archive = await zipOf(files);
        expect(listZipped(archive)).toHaveLength(files.length);
        for (const one of files) expect(await readZipped(archive, one.path)).toEqual(one.content);
      }),
      { numRuns: 50 },
    );
  });
});
