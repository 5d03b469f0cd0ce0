// What explains an Application's state, as text: each statement with the object, the fields and the way out.

import type { Application } from '../../model/application.ts';
import { keyOfRow, keyText, objectText } from '../../model/manifest.ts';
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
  return head + grouped(told).map(paragraph).join('');
}

type Told = Explanation & { readonly fields?: ExplainedDifference['reasons'] };

function withFields(explanation: Explanation, differences: readonly ExplainedDifference[]): Told {
  const { about, object } = explanation;
  if (about !== 'sync' || !object) return explanation;
  const key = keyText(keyOfRow(object));
  const fields = differences.find((difference) => keyText(difference.key) === key)?.reasons.filter(({ path }) => path !== '') ?? [];
  return fields.length === 0 ? explanation : { ...explanation, fields };
}

/** What is said alike of several objects, each where the first of them is. */
function grouped(told: readonly Told[]): readonly (readonly [Told, ...Told[]])[] {
  const groups = new Map<string, [Told, ...Told[]]>();
  for (const [index, one] of told.entries()) {
    const { about, object, says, next, fields } = one;
    const key = object && !fields ? JSON.stringify([about, says, next]) : String(index);
    const group = groups.get(key);
    if (group) group.push(one);
    else groups.set(key, [one]);
  }
  return [...groups.values()];
}

/** So many objects of which the same is said are named; -o json has them all. */
const NAMED = 10;

function paragraph([first, ...others]: readonly [Told, ...Told[]]): string {
  const { about, object, says, next, fields = [] } = first;
  const objects = [first, ...others].flatMap((one) => (one.object ? [one.object] : []));
  const names = others.length === 0 ? [] : objects.slice(0, NAMED).map((each) => `  ${objectText(each)}`);
  const more = objects.length > NAMED ? [`  and ${objects.length - NAMED} more: -o json names them`] : [];
  const subject = others.length > 0 ? `${objects.length} objects: ` : object ? `${objectText(object)}: ` : '';
  const lines = [`${about}: ${subject}${says}`, ...names, ...more].map(oneLine).join('\n');
  return `\n${lines}\n${reasonLines(fields)}${next === undefined ? '' : `${oneLine(`  -> ${next}`)}\n`}`;
}
