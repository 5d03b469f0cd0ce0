// Why an object differs, as lines below its difference.
import type { DifferenceReason } from '../../compare/reasons.ts';
import { oneLine } from './table.ts';

const WORDS: Readonly<Record<DifferenceReason['reason'], string>> = {
  missing: 'not in the cluster',
  extra: 'not in Git',
  changed: 'is not as Git has it',
  removed: 'was applied before, and is not in Git any more',
  inherited: 'was applied by an earlier client, and is not in Git: a sync takes it over and away',
  ignored: 'differs, and is ignored',
};

/** `why:` and a line for each reason; nothing when there is none. */
export function reasonLines(reasons: readonly DifferenceReason[]): string {
  if (reasons.length === 0) return '';
  return ['why:', ...reasons.map(reasonLine)].map((line) => `${oneLine(line)}\n`).join('');
}

function reasonLine({ path, reason, owners = [], rule }: DifferenceReason): string {
  const place = path === '' ? '' : `${path}: `;
  const by = owners.length > 0 ? `; set by ${owners.join(', ')}` : '';
  return `  ${place}${WORDS[reason]}${rule === undefined ? '' : ` by ${rule}`}${by}`;
}
