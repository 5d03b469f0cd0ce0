import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { unifiedDiff } from '../../../lib/compare/unified.ts';

/** Applies a difference with git, which takes no half-right one. */
function patched(before: string, difference: string): string {
  const dir = mkdtempSync(join(tmpdir(), 'evenkeel-unified-'));
  try {
    writeFileSync(join(dir, 'live'), before);
    const named = difference.replace('--- live\n+++ desired', '--- a/live\n+++ b/live');
    const run = spawnSync('git', ['apply', '--unidiff-zero', '-'], { cwd: dir, input: named, encoding: 'utf8' });
    if (run.status !== 0) throw new Error(`${run.stderr}\n${difference}`);
    return readFileSync(join(dir, 'live'), 'utf8');
  } finally {
    rmSync(dir, { recursive: true });
  }
}

const text = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1, maxLength: 30 }).map((lines) => `${lines.join('\n')}\n`);

describe('unifiedDiff', () => {
  it('is empty for equal texts', () => expect(unifiedDiff('a\n', 'a\n')).toBe(''));

  it('shows three lines around each change, and joins changes that are near', () => {
    const before = Array.from({ length: 20 }, (_, index) => `line ${index}`);
    const after = before.map((line, index) => (index === 5 || index === 9 ? `${line} changed` : line));
    expect(unifiedDiff(before.join('\n'), after.join('\n'), ['a', 'b'])).toBe(
      [
        ...['--- a', '+++ b', '@@ -3,11 +3,11 @@', ' line 2', ' line 3', ' line 4', '-line 5', '+line 5 changed', ' line 6', ' line 7'],
        ...[' line 8', '-line 9', '+line 9 changed', ' line 10', ' line 11', ' line 12', ''],
      ].join('\n'),
    );
  });

  it('starts from nothing and goes to nothing', () => {
    expect(unifiedDiff('', 'a\nb\n')).toBe('--- live\n+++ desired\n@@ -0,0 +1,2 @@\n+a\n+b\n');
    expect(unifiedDiff('a\n', '')).toBe('--- live\n+++ desired\n@@ -1 +0,0 @@\n-a\n');
  });

  it('turns the one text into the other when git applies it', () => {
    fc.assert(
      fc.property(text, text, (before, after) => {
        fc.pre(before !== after);
        expect(patched(before, unifiedDiff(before, after))).toBe(after);
      }),
      { numRuns: 60 },
    );
  });

  it('ends soon when everything differs', () => {
    const lines = (prefix: string) => Array.from({ length: 20_000 }, (_, index) => `${prefix}${index}`).join('\n');
    const started = performance.now();
    expect(unifiedDiff(lines('a'), lines('b')).split('\n').length).toBe(40_004);
    expect(performance.now() - started).toBeLessThan(5000);
  });
});
