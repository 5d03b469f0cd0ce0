import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { appendRows, labelLine, oneLine, table } from '../../../../lib/cli/view/table.ts';

const mark = (cell: string) => (cell === 'Synced' ? `<${cell}>` : cell);

describe('tables', () => {
  it('leaves two spaces after the widest cell of a column', () => {
    expect(
      table([
        ['NAME', 'STATUS'],
        ['a-long-name', 'Synced'],
        ['b', ''],
      ]),
    ).toBe('NAME         STATUS\na-long-name  Synced\nb\n');
  });

  it('does not let the last cell of a short row widen its column', () => {
    expect(
      table([
        ['SOURCE', 'https://git.example/a-long-url.git'],
        ['ID', 'DATE', 'REVISION'],
        ['1', 'now', 'main'],
      ]),
    ).toBe('SOURCE  https://git.example/a-long-url.git\nID      DATE  REVISION\n1       now   main\n');
  });

  it('colours cells without moving the columns', () => {
    expect(
      table(
        [
          ['Synced', 'x'],
          ['OutOfSync', 'y'],
        ],
        mark,
      ),
    ).toBe('<Synced>     x\nOutOfSync  y\n');
  });

  it('keeps the widths of rows that were printed before', () => {
    const first = appendRows([], [['long-name', 'x']]);
    expect(appendRows(first.widths, [['b', 'y']]).text).toBe('b          y\n');
  });

  it('prints nothing for no rows', () => {
    expect(table([])).toBe('');
  });

  it('gives one line a row whatever the cells hold', () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.string({ unit: 'binary' }), { minLength: 1 }), { minLength: 1 }), (rows) => {
        expect(table(rows).split('\n')).toHaveLength(rows.length + 1);
      }),
    );
  });
});

describe('label lines', () => {
  it('pads the label to twenty', () => {
    expect(labelLine('Name:', 'shop')).toBe('Name:               shop');
  });

  it('colours the status and not what follows', () => {
    expect(labelLine('Sync Status:', ' to Synced', 'Synced', mark)).toBe('Sync Status:        <Synced> to Synced');
  });

  it('ends after the label when there is no value', () => {
    expect(labelLine('  Target:', '')).toBe('  Target:');
  });
});

describe('text from a cluster', () => {
  it('loses what could steer a terminal', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(oneLine(text)).not.toMatch(/[\p{Cc}\u2028\u2029\u202e]/u);
      }),
    );
  });
});
