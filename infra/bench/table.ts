// The report as a person reads it.
import type { Memory } from './memory.ts';
import {
  ARGO_CD,
  type ColdImport,
  type CompareFigure,
  type Goal,
  type Machine,
  type RenderFigure,
  type Report,
  type Row,
  type Work,
} from './report.ts';

/** All sections that were measured, with an empty line between them. */
export function reportText(report: Report): string {
  const { rows, work, renders, comparison, imports, memory, machine, seconds } = report;
  const sections = [
    machineLines(machine, seconds),
    rows.length > 0 ? timeLines(rows) : [],
    work.length > 0 ? workLines(work) : [],
    renders.length > 0 ? renderLines(renders) : [],
    comparison === undefined ? [] : compareLines(comparison),
    imports.length > 0 ? importLines(imports) : [],
    memory === undefined ? [] : memoryLines(memory),
    rows.length > 0
      ? [
          'For scale, Argo CD 3.6 (stock settings, two cores, this kind of control plane; measured apart, not in this run):',
          ...ARGO_CD.map((line) => `  ${line}`),
        ]
      : [],
  ];
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n');
}

/** Columns as wide as their widest cell; the first is left-aligned, so is the last. */
export function columns(cells: readonly (readonly string[])[]): readonly string[] {
  const width = (column: number) => Math.max(...cells.map((line) => line[column]?.length ?? 0));
  return cells.map((line) =>
    line
      .map((cell, column) => (column === 0 || column === line.length - 1 ? cell.padEnd(width(column)) : cell.padStart(width(column))))
      .join('  ')
      .trimEnd(),
  );
}

/** Milliseconds below a second, seconds above it, three digits. */
export function timeText(milliseconds: number | undefined): string {
  if (milliseconds === undefined || Number.isNaN(milliseconds)) return '-';
  if (milliseconds < 0.1) return `${Math.round(milliseconds * 1000)} µs`;
  if (milliseconds < 10) return `${milliseconds.toFixed(1)} ms`;
  return milliseconds < 1000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(2)} s`;
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}

function goalText(goal: Goal | undefined): string {
  return goal === undefined ? '' : `${goal.text}: ${goal.met ? 'met' : 'MISSED'}`;
}

function machineLines({ processor, cores, memoryBytes, system, node, load }: Machine, seconds: number): readonly string[] {
  const [before, after] = load.map((value) => value.toFixed(1));
  return [
    `${cores} cores (${processor}), ${megabytes(memoryBytes)}, ${system}, Node ${node}; load ${before} before, ${after} after; took ${Math.round(seconds)} s`,
  ];
}

function timeLines(rows: readonly Row[]): readonly string[] {
  const cells = rows.map(({ name, times, limits, goal }) => [
    name,
    String(times.count),
    timeText(times.p50),
    timeText(times.p95),
    timeText(limits.kustomize),
    timeText(limits.rawApply),
    timeText(limits.kubectlApply),
    goalText(goal),
  ]);
  return [
    'Push -> live counts from the start of `git push`; limits are the same objects by the part alone, both cores at work.',
    ...columns([['', 'n', 'p50', 'p95', 'kustomize', 'raw apply', 'kubectl apply', 'goal'], ...cells]),
  ];
}

function workLines(work: readonly Work[]): readonly string[] {
  const cells = work.map(({ name, requests, total, runs, goal }) => [
    name,
    ...[total, requests.read, requests.watch, requests.dryRun, requests.write, requests.token + requests.discovery].map(String),
    ...[runs['renderer'], runs['git']].map((count) => String(count ?? '-')),
    goalText(goal),
  ]);
  return columns([['API requests', 'all', 'read', 'watch', 'dry run', 'write', 'other', 'renders', 'git', 'goal'], ...cells]);
}

function renderLines(renders: readonly RenderFigure[]): readonly string[] {
  const cells = renders.map(({ name, renderer, stock, peakBytes, goal }) => [
    name,
    timeText(renderer),
    timeText(stock),
    (stock / renderer).toFixed(1),
    megabytes(peakBytes),
    goalText(goal),
  ]);
  return columns([['one start of the renderer', 'renderer', 'stock tool', 'ratio', 'peak memory', 'goal'], ...cells]);
}

function compareLines({ objects, each, memory, allocatedBytes, dryRuns, goal }: CompareFigure): readonly string[] {
  const cells = [
    [`${objects} settled objects`, objects],
    [`an Application of ${each}`, each],
    ['an object', 1],
  ] as const;
  return columns([
    ['comparison', 'in memory', 'allocated', 'dry runs', 'ratio', 'goal'],
    ...cells.map(([name, count]) => {
      const part = count / objects;
      const kilobytes = `${Math.round((allocatedBytes * part) / 1000)} kB`;
      const ratio = (dryRuns / memory).toFixed(0);
      return [name, timeText(memory * part), kilobytes, timeText(dryRuns * part), ratio, count === objects ? goalText(goal) : ''];
    }),
  ]);
}

function importLines(imports: readonly ColdImport[]): readonly string[] {
  const cells = imports.map(({ name, bytes, milliseconds }) => [name, timeText(milliseconds), `${Math.round(bytes / 1000)} kB`, '']);
  return columns([['cold import', 'median', 'read', ''], ...cells]);
}

function memoryLines({ kinds, sumBytes }: Memory): readonly string[] {
  const cells = [...kinds]
    .sort((a, b) => b.peakBytes - a.peakBytes)
    .map(({ kind, processes, peakBytes }) => [kind, String(processes), megabytes(peakBytes), '']);
  return [
    ...columns([['resident memory', 'processes', 'largest peak', ''], ...cells]),
    `all of them together, at most at a time: ${megabytes(sumBytes)}`,
  ];
}
