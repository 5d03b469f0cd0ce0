// Objects of a comparison without a cluster as text: a table, and what differs with its reasons.
import { printYaml } from '../../model/yaml.ts';
import type { ComparedObject } from '../admin/offline.ts';
import type { Terminal } from '../shell.ts';
import { differenceBody, differenceHeader } from './difference.ts';
import { reasonLines } from './reasons.ts';
import { type Row, table } from './table.ts';

export const COMPARED_OUTPUTS = ['wide', 'json', 'yaml', 'name'] as const;
export type ComparedOutput = (typeof COMPARED_OUTPUTS)[number];

const HEADER: Row = ['GROUP', 'KIND', 'NAMESPACE', 'NAME', 'STATUS'];

export function comparedText(
  rows: readonly ComparedObject[],
  output: ComparedOutput,
  terminal: Pick<Terminal, 'paint' | 'paintLine'>,
): string {
  switch (output) {
    case 'json':
      return `${JSON.stringify(rows.map(entryOf), undefined, 2)}\n`;
    case 'yaml':
      return printYaml(rows.map(entryOf));
    case 'name':
      return rows
        .filter(isDifferent)
        .map(({ key }) => `${key.kind.toLowerCase()}${key.group && `.${key.group}`}/${key.name}\n`)
        .join('');
    case 'wide':
      return wide(rows, terminal);
  }
}

function isDifferent({ status }: ComparedObject): boolean {
  return status === 'OutOfSync' || status === 'Unknown';
}

function entryOf({ key, status, patch, reasons }: ComparedObject) {
  const { group, kind, namespace, name } = key;
  return { group, kind, namespace, name, status, patch, reasons };
}

function wide(rows: readonly ComparedObject[], { paint, paintLine }: Pick<Terminal, 'paint' | 'paintLine'>): string {
  const cells = rows.map(({ key: { group, kind, namespace, name }, status }): Row => [group, kind, namespace, name, status]);
  const differing = rows
    .filter(isDifferent)
    .map((row) => `${differenceHeader(row.key)}${differenceBody(row, paintLine)}${reasonLines(row.reasons)}`);
  return table([HEADER, ...cells], paint) + differing.join('');
}
