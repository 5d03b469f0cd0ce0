// unifiedDiff: two texts -> what changes between them, line by line, as `diff -u` shows it.

const CONTEXT = 3;
/** Beyond so many differing lines finding the shortest difference is not worth its time: all of one side goes, all of the other comes. */
const MAX_EDITS = 1000;

interface Line {
  readonly mark: ' ' | '-' | '+';
  readonly text: string;
}

/** Empty when both are the same. `names` head the difference, as file names do. */
export function unifiedDiff(before: string, after: string, names: readonly [before: string, after: string] = ['live', 'desired']): string {
  if (before === after) return '';
  const script = editScript(linesOf(before), linesOf(after));
  const body = hunksOf(script).map((hunk) => hunkText(script, hunk));
  return [`--- ${names[0]}`, `+++ ${names[1]}`, ...body, ''].join('\n');
}

function linesOf(text: string): readonly string[] {
  const lines = text.split('\n');
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}

/** What both begin and end with stays out of the search. */
function editScript(before: readonly string[], after: readonly string[]): readonly Line[] {
  const shared = Math.min(before.length, after.length);
  let head = 0;
  while (head < shared && before[head] === after[head]) head += 1;
  let tail = 0;
  while (tail < shared - head && before.at(-1 - tail) === after.at(-1 - tail)) tail += 1;
  return [
    ...keptLines(before.slice(0, head)),
    ...shortestEdits(before.slice(head, before.length - tail), after.slice(head, after.length - tail)),
    ...keptLines(before.slice(before.length - tail)),
  ];
}

/** Myers' greedy algorithm (An O(ND) Difference Algorithm, 1986): the furthest place on each diagonal after each number of edits. */
function shortestEdits(before: readonly string[], after: readonly string[]): readonly Line[] {
  const trace: ReadonlyMap<number, number>[] = [];
  let furthest = new Map<number, number>([[1, 0]]);
  for (let edits = 0; edits <= Math.min(MAX_EDITS, before.length + after.length); edits += 1) {
    trace.push(furthest);
    const next = new Map(furthest);
    for (let diagonal = -edits; diagonal <= edits; diagonal += 2) {
      const x = slide(before, after, startOn(furthest, diagonal, edits), diagonal);
      next.set(diagonal, x);
      if (x >= before.length && x - diagonal >= after.length) return walkBack(before, after, trace);
    }
    furthest = next;
  }
  return [...before.map((text): Line => ({ mark: '-', text })), ...after.map((text): Line => ({ mark: '+', text }))];
}

/** One line is inserted when that gets further, else one is deleted. */
function inserts(furthest: ReadonlyMap<number, number>, diagonal: number, edits: number): boolean {
  if (diagonal === -edits) return true;
  return diagonal !== edits && (furthest.get(diagonal - 1) ?? -1) < (furthest.get(diagonal + 1) ?? -1);
}

function startOn(furthest: ReadonlyMap<number, number>, diagonal: number, edits: number): number {
  return inserts(furthest, diagonal, edits) ? (furthest.get(diagonal + 1) ?? 0) : (furthest.get(diagonal - 1) ?? 0) + 1;
}

function slide(before: readonly string[], after: readonly string[], from: number, diagonal: number): number {
  let x = from;
  while (x < before.length && x - diagonal < after.length && before[x] === after[x - diagonal]) x += 1;
  return x;
}

function walkBack(before: readonly string[], after: readonly string[], trace: readonly ReadonlyMap<number, number>[]): readonly Line[] {
  const parts: (readonly Line[])[] = [];
  let x = before.length;
  let diagonal = before.length - after.length;
  for (let edits = trace.length - 1; edits > 0; edits -= 1) {
    const furthest: ReadonlyMap<number, number> = trace[edits] ?? new Map();
    const insert = inserts(furthest, diagonal, edits);
    const start = startOn(furthest, diagonal, edits);
    const line: Line = insert ? { mark: '+', text: after[start - diagonal - 1] ?? '' } : { mark: '-', text: before[start - 1] ?? '' };
    parts.push([line, ...keptLines(before.slice(start, x))]);
    x = insert ? start : start - 1;
    diagonal += insert ? 1 : -1;
  }
  parts.push(keptLines(before.slice(0, x)));
  return parts.reverse().flat();
}

function keptLines(lines: readonly string[]): readonly Line[] {
  return lines.map((text): Line => ({ mark: ' ', text }));
}

interface Hunk {
  readonly start: number;
  readonly end: number;
}

/** Runs of changes with their context; those whose context would touch are one. */
function hunksOf(script: readonly Line[]): readonly Hunk[] {
  const hunks: Hunk[] = [];
  for (const [index, line] of script.entries()) {
    if (line.mark === ' ') continue;
    const last = hunks.at(-1);
    const start = Math.max(0, index - CONTEXT);
    const end = Math.min(script.length, index + CONTEXT + 1);
    if (last && start <= last.end) hunks[hunks.length - 1] = { start: last.start, end };
    else hunks.push({ start, end });
  }
  return hunks;
}

function hunkText(script: readonly Line[], { start, end }: Hunk): string {
  const lines = script.slice(start, end);
  const header = `@@ -${rangeOf(script, start, lines, '+')} +${rangeOf(script, start, lines, '-')} @@`;
  return [header, ...lines.map(({ mark, text }) => `${mark}${text}`)].join('\n');
}

/** First line and number of lines on one side; a side without lines names the line before. */
function rangeOf(script: readonly Line[], start: number, lines: readonly Line[], other: '-' | '+'): string {
  const before = script.slice(0, start).filter(({ mark }) => mark !== other).length;
  const count = lines.filter(({ mark }) => mark !== other).length;
  const first = count === 0 ? before : before + 1;
  return count === 1 ? `${first}` : `${first},${count}`;
}
