// Tables and label lines as Argo CD prints them: columns two spaces apart, as wide as their widest cell.

export type Row = readonly string[];
export type Paint = (cell: string) => string;

const GAP = 2;
const LABEL_WIDTH = 20;
// Escape sequences in a name or message from a cluster must not reach somebody's terminal.
const CONTROL = /[\p{Cc}\p{Cf}\u2028\u2029]+/gu;

/** Rows as lines. A row's last cell does not widen its column; `paint` colours a cell after it has been measured. */
export function table(rows: readonly Row[], paint: Paint = (cell) => cell): string {
  return appendRows([], rows, paint).text;
}

/** Rows that follow others already printed: columns keep at least the `widths` that they had. */
export function appendRows(
  widths: readonly number[],
  rows: readonly Row[],
  paint: Paint = (cell) => cell,
): { readonly text: string; readonly widths: readonly number[] } {
  const clean = rows.map((row) => row.map(oneLine));
  const grown = columnWidths(widths, clean);
  return { text: clean.map((row) => `${lineOf(row, grown, paint)}\n`).join(''), widths: grown };
}

/** `Label:` padded to 20 and its value: the head lines of `app get`. With a `status`, that stands first and is coloured. */
export function labelLine(label: string, value: string, status = '', paint: Paint = (cell) => cell): string {
  const clean = oneLine(value);
  if (status === '') return `${label.padEnd(LABEL_WIDTH)}${clean}`.trimEnd();
  return label.padEnd(LABEL_WIDTH) + paint(oneLine(status)) + clean;
}

/** Text from a cluster on one line and without control characters. */
export function oneLine(text: string): string {
  return text.replace(CONTROL, ' ');
}

function columnWidths(least: readonly number[], rows: readonly Row[]): readonly number[] {
  const widths = [...least];
  for (const row of rows) {
    for (const [column, cell] of row.slice(0, -1).entries()) {
      widths[column] = Math.max(widths[column] ?? 0, width(cell));
    }
  }
  return widths;
}

function lineOf(row: Row, widths: readonly number[], paint: Paint): string {
  const filled = row.findLastIndex((cell) => cell !== '');
  return row
    .slice(0, filled + 1)
    .map((cell, column) => (column === filled ? paint(cell) : paint(cell) + ' '.repeat((widths[column] ?? 0) + GAP - width(cell))))
    .join('');
}

function width(cell: string): number {
  return [...cell].length;
}
