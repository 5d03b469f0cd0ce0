import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { copyOf } from '../../lib/adapters/private-copy.ts';

it('copies files and links into a folder that can be written to, with texts in place of some', async () => {
  const root = mkdtempSync(join(tmpdir(), 'evk-copied-'));
  writeFileSync(join(root, 'cm.yaml'), 'two');
  symlinkSync('cm.yaml', join(root, 'link.yaml'));
  const copy = await copyOf(root, ['cm.yaml', 'link.yaml', 'gone'], { 'cm.yaml': 'changed', 'new/one.yaml': 'new' });
  expect(readFileSync(join(copy.dir, 'link.yaml'), 'utf8')).toBe('changed');
  expect(readFileSync(join(copy.dir, 'new/one.yaml'), 'utf8')).toBe('new');
  expect([existsSync(join(copy.dir, 'gone')), readFileSync(join(root, 'cm.yaml'), 'utf8')]).toEqual([false, 'two']);
  await copy.release();
  expect(existsSync(copy.dir)).toBe(false);
  rmSync(root, { recursive: true, force: true });
});
