// Reading single files out of zip archives, good and bad ones.
import { crc32, deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readZipped } from '../../../infra/local/cache/zip.ts';
import { InvalidInput } from '../../../lib/model/errors.ts';

interface Packed {
  readonly name: string;
  readonly content: Buffer;
  readonly stored?: boolean;
}

/** Writes numbers as little-endian fields: [value, bytes] each. */
function fields(...values: readonly (readonly [number, 2 | 4])[]): Buffer {
  return Buffer.concat(
    values.map(([value, bytes]) => {
      const field = Buffer.alloc(bytes);
      field.writeUIntLE(value, 0, bytes);
      return field;
    }),
  );
}

function zip(files: readonly Packed[], comment = ''): Buffer {
  const bodies: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, content, stored } of files) {
    const data = stored ? content : deflateRawSync(content);
    const label = Buffer.from(name);
    const shared = [
      [stored ? 0 : 8, 2],
      [0, 4],
      [crc32(content), 4],
      [data.length, 4],
      [content.length, 4],
      [label.length, 2],
    ] as const;
    // The local header's extra field differs in length from the directory's, as real archives have it.
    const local = Buffer.concat([fields([0x04034b50, 4], [20, 2], [0, 2], ...shared, [3, 2]), label, Buffer.from('abc'), data]);
    directory.push(
      Buffer.concat([
        fields([0x02014b50, 4], [20, 2], [20, 2], [0, 2], ...shared, [0, 2], [0, 2], [0, 2], [0, 2], [0, 4], [offset, 4]),
        label,
      ]),
    );
    bodies.push(local);
    offset += local.length;
  }
  const listing = Buffer.concat(directory);
  const tail = Buffer.from(comment);
  const end = fields(
    [0x06054b50, 4],
    [0, 2],
    [0, 2],
    [files.length, 2],
    [files.length, 2],
    [listing.length, 4],
    [offset, 4],
    [tail.length, 2],
  );
  return Buffer.concat([...bodies, listing, end, tail]);
}

describe('readZipped', () => {
  test('finds every file of any archive with its content', async () => {
    const file = fc.record({
      name: fc.string({ minLength: 1, maxLength: 30, unit: 'grapheme' }),
      content: fc.uint8Array({ maxLength: 500 }).map((bytes) => Buffer.from(bytes)),
      stored: fc.boolean(),
    });
    const files = fc.uniqueArray(file, { selector: ({ name }) => name, minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(files, fc.string({ maxLength: 40 }), async (packed, comment) => {
        const archive = zip(packed, comment);
        for (const { name, content } of packed) expect((await readZipped(archive, name)).equals(content)).toBe(true);
      }),
    );
  });

  test('refuses whatever is no archive, and never fails in another way', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        await expect(readZipped(Buffer.from(bytes), 'kubectl')).rejects.toBeInstanceOf(InvalidInput);
      }),
    );
  });

  test('refuses a damaged archive or returns what was packed', async () => {
    const content = Buffer.from('the same line again and again\n'.repeat(20));
    const archive = zip([{ name: 'kubectl', content }]);
    await fc.assert(
      fc.asyncProperty(fc.nat(archive.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
        const damaged = Buffer.from(archive);
        damaged[at] = (damaged[at] ?? 0) ^ change;
        const outcome = await readZipped(damaged, 'kubectl').catch((error: unknown) => error);
        if (Buffer.isBuffer(outcome)) expect(outcome.equals(content)).toBe(true);
        else expect(outcome).toBeInstanceOf(InvalidInput);
      }),
    );
  });

  test('names the file that is not there', async () => {
    await expect(readZipped(zip([{ name: 'helm', content: Buffer.from('x') }]), 'kubectl')).rejects.toThrow('no file kubectl');
  });

  test('refuses a compression that it does not know', async () => {
    const archive = zip([{ name: 'kubectl', content: Buffer.from('x'), stored: true }]);
    archive.writeUInt16LE(99, archive.lastIndexOf(Buffer.from([0x50, 0x4b, 1, 2])) + 10);
    await expect(readZipped(archive, 'kubectl')).rejects.toThrow('compression method 99');
  });
});
