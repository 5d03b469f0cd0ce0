// What explains an Application's state, as text: each statement with the object, the fields and the way out.

import type { Application } from '../../model/application.ts';
import { keyOfRow, keyText } from '../../model/manifest.ts';
import { printYaml } from '../../model/yaml.ts';
import type { Explanation } from '../../policy/explanation/explanation.ts';
import type { ExplainedDifference } from '../app/differences.ts';
import { reasonLines } from './reasons.ts';
import { qualified } from './summary.ts';
import { oneLine, type Paint } from './table.ts';

export const EXPLAINED_OUTPUTS = ['wide', 'json', 'yaml'] as const;
export type ExplainedOutput = (typeof EXPLAINED_OUTPUTS)[number];

export function explainedText(
  application: Application,
  explanations: readonly Explanation[],
  differences: readonly ExplainedDifference[],
  output: ExplainedOutput,
  paint: Paint,
): string {
  const told = explanations.map((explanation) => withFields(explanation, differences));
  if (output === 'json') return `${JSON.stringify(told, undefined, 2)}\n`;
  if (output === 'yaml') return printYaml(told);
  const { sync, health } = application.status ?? {};
  const head = `${qualified(application)}: ${paint(sync?.status ?? 'Unknown')}, ${paint(health?.status ?? 'Unknown')}\n`;
  if (told.length === 0) return `${head}nothing to explain: it is as Git wants it, and nothing is on its way\n`;
  return head + told.map(paragraph).join('');
}

type Told = Explanation & { readonly fields?: ExplainedDifference['reasons'] };

function withFields(explanation: Explanation, differences: readonly ExplainedDifference[]): Told {
  const { about, object } = explanation;
  if (about !== 'sync' || !object) return explanation;
  const key = keyText(keyOfRow(object));
  const fields = differences.find((difference) => keyText(difference.key) === key)?.reasons.filter(({ path }) => path !== '') ?? [];
  return fields.length === 0 ? explanation : { ...explanation, fields };
}

function paragraph({ about, object, says, next, fields = [] }: Told): string {
  const name = object
    ? `${object.group ? `${object.group}/` : ''}${object.kind} ${object.namespace ? `${object.namespace}/` : ''}${object.name}: `
    : '';
  return `\n${oneLine(`${about}: ${name}${says}`)}\n${reasonLines(fields)}${oneLine(`  -> ${next}`)}\n`;
}
