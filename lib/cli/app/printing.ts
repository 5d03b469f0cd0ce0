// An Application or a list of them on standard output, in the format that was asked for (spec/cli.md §1, §2).
import { type Application, sourcesOf } from '../../model/application.ts';
import { InvalidInput } from '../../model/errors.ts';
import type { LiveObject } from '../../model/manifest.ts';
import { runningState } from '../../model/operation.ts';
import { printYaml } from '../../model/yaml.ts';
import type { Session, Shell } from '../shell.ts';
import { conditionRows, headText, type KnownWindows, operationText, parameterRows } from '../view/describe.ts';
import { resourceRows } from '../view/resources.ts';
import { qualified, summaryRows } from '../view/summary.ts';
import { type Paint, table } from '../view/table.ts';
import type { Found } from './store.ts';
import { assignedWindows } from './windows.ts';

export type AppOutput = 'wide' | 'json' | 'yaml';
export type ListOutput = AppOutput | 'name';

/** What `-o` names, when the command has it. Throws InvalidInput otherwise. */
export function outputOf<Format extends string>(asked: string | undefined, formats: readonly [Format, ...Format[]]): Format {
  if (asked === undefined || asked === '') return formats[0];
  const format = formats.find((each) => each === asked);
  if (format !== undefined) return format;
  if (asked.startsWith('tree')) throw new InvalidInput(`output format ${asked} of Argo CD is not there yet; use ${formats.join(', ')}`);
  throw new InvalidInput(`unknown output format: ${asked}`);
}

export const APP_OUTPUTS = ['wide', 'json', 'yaml'] as const;
export const LIST_OUTPUTS = ['wide', 'name', 'json', 'yaml'] as const;

export function printList(shell: Shell, found: readonly Found[], output: ListOutput): void {
  shell.terminal.write(listText(found, output, shell.terminal.paint));
}

function listText(found: readonly Found[], output: ListOutput, paint: Paint): string {
  const applications = found.map(({ application }) => application);
  if (output === 'wide') return table(summaryRows(applications), paint);
  if (output === 'name') return applications.map((application) => `${qualified(application)}\n`).join('');
  const objects = found.map(({ object }) => shown(object));
  return dataText(objects, output);
}

export interface Details {
  readonly operation: boolean;
  readonly parameters: boolean;
  /** From 1. */
  readonly sourcePosition: number;
}

/** `app get`. Throws InvalidInput when there is no source at that position. */
export async function printApplication(shell: Shell, session: Session, found: Found, output: AppOutput, details: Details): Promise<void> {
  if (output !== 'wide') return shell.terminal.write(dataText(shown(found.object), output));
  const windows = { windows: await windowsFor(session, found), now: shell.clock() };
  shell.terminal.write(applicationText(shell, found, windows, details));
}

/** Undefined where they cannot be told: a project that is wrong has a condition of its own. */
async function windowsFor(session: Session, { application }: Found): Promise<KnownWindows['windows']> {
  try {
    return await assignedWindows(session, application);
  } catch (thrown) {
    if (thrown instanceof InvalidInput) return undefined;
    throw thrown;
  }
}

/** For people. Throws InvalidInput when there is no source at that position. */
export function applicationText({ terminal, clock }: Shell, found: Found, windows: KnownWindows, details: Details): string {
  const { application } = found;
  const state = application.status?.operationState;
  const blocks = [
    headText(application, windows, terminal.paint),
    table(conditionRows(application, terminal.zone)),
    (details.operation || isUnderWay(application)) && state ? operationText(state, clock(), terminal.zone, terminal.paint) : '',
    details.parameters ? parameterText(found, details.sourcePosition) : '',
    table(resourceRows(application), terminal.paint),
  ];
  return blocks.filter((block) => block !== '').join('\n');
}

/** An operation that runs, or waits, is part of how the Application stands. */
function isUnderWay(application: Application): boolean {
  return application.operation !== undefined && runningState(application) !== undefined;
}

/** The state at the end of a wait: a blank line, head, operation, resources. */
export async function printState(shell: Shell, session: Session, found: Found, output: AppOutput, operation: boolean): Promise<void> {
  if (output === 'wide') shell.terminal.write('\n');
  await printApplication(shell, session, found, output, { operation, parameters: false, sourcePosition: 1 });
}

/** `managedFields` are the API server's own book-keeping and many times longer than the rest. */
function shown(object: LiveObject): LiveObject {
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}

function dataText(data: unknown, output: 'json' | 'yaml'): string {
  return output === 'json' ? `${JSON.stringify(data, undefined, 2)}\n` : printYaml(data);
}

function parameterText({ application }: Found, position: number): string {
  const sources = sourcesOf(application.spec);
  const source = sources[position - 1];
  if (!source) throw new InvalidInput(`source position ${position} is out of range: the Application has ${sources.length}`);
  return table(parameterRows(source));
}
