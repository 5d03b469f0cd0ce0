// How flags are declared, so that they read as Argo CD's do: `--flag`, `--flag=false`, repeated values, and clear words for those
// that are not there.
import { type Command, InvalidArgumentError, Option } from 'commander';
import { EXIT_FAILED, Exit } from './exit.ts';
import type { SpecFlag } from './request/spec-flags.ts';

const TRUE = new Set(['true', 'True', 'TRUE', 't', 'T', '1']);
const FALSE = new Set(['false', 'False', 'FALSE', 'f', 'F', '0']);

/** A switch that also takes `=true` and `=false`. Not given, it is undefined, so that a command can tell. */
export function addSwitch(command: Command, flags: string, help: string): Command {
  const option = new Option(flags, help);
  return command.addOption(option).addOption(new Option(`--no-${option.name()}`).hideHelp());
}

/** A value that may be given again; absent it is an empty list. */
export function addTexts(command: Command, flags: string, help: string): Command {
  return command.option(flags, help, (value: string, before: readonly string[]) => [...before, value], []);
}

export function addNumber(command: Command, flags: string, help: string): Command {
  return command.option(flags, help, readNumber);
}

/** A time in whole seconds, none of them negative. */
export function addSeconds(command: Command, flags: string, help: string): Command {
  return command.option(flags, help, (text: string) => {
    const seconds = readNumber(text);
    if (seconds < 0) throw new InvalidArgumentError('expected no less than 0 seconds.');
    return seconds;
  });
}

/** Flags of Argo CD that this command does not have: refused by name, so that nobody believes that they did something. */
export function refuseFlags(command: Command, flags: readonly string[], reason: string): Command {
  for (const text of flags) {
    const option = new Option(text).hideHelp();
    command.addOption(option);
    command.on(`option:${option.name()}`, () => {
      throw new Exit(EXIT_FAILED, `--${option.name()} ${reason}`);
    });
  }
  return command;
}

/** Declares a flag of the table; its value is found under the flag's own name with `specValues`. */
export function addSpecFlag(command: Command, { name, takes, help }: SpecFlag): void {
  const long = name === 'parameter' ? '-p, --parameter' : `--${name}`;
  if (takes === 'flag') addSwitch(command, long, help);
  else if (takes === 'number') addNumber(command, `${long} <number>`, help);
  else if (takes === 'texts') addTexts(command, `${long} <text>`, help);
  else command.option(`${long} <text>`, help);
}

/** What the command line gives for the flags of the table, by flag name; those that were not given are left out. */
export function specValues(command: Command, flags: readonly SpecFlag[]): Readonly<Record<string, unknown>> {
  const given = flags.filter(({ name }) => command.getOptionValueSource(attributeOf(name)) === 'cli');
  return Object.fromEntries(given.map(({ name }) => [name, command.getOptionValue(attributeOf(name))]));
}

/** Arguments in which `--switch=false` is `--no-switch` and `--switch=true` is `--switch`, for every switch of the program. Throws Exit for others. */
export function withPlainSwitches(args: readonly string[], program: Command): readonly string[] {
  const switches = switchesOf(program);
  const end = args.indexOf('--');
  return args.map((arg, index) => {
    const equals = arg.indexOf('=');
    const name = arg.slice(2, equals);
    if (!arg.startsWith('--') || equals < 0 || !switches.has(name) || (end >= 0 && index > end)) return arg;
    const value = arg.slice(equals + 1);
    if (TRUE.has(value)) return `--${name}`;
    if (FALSE.has(value)) return `--no-${name}`;
    throw new Exit(EXIT_FAILED, `--${name} takes true or false, not '${value}'`);
  });
}

function switchesOf(command: Command): ReadonlySet<string> {
  const own = command.options.filter((option) => option.isBoolean()).map((option) => option.name());
  return new Set([...own, ...command.commands.flatMap((each) => [...switchesOf(each)])]);
}

function attributeOf(name: string): string {
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function readNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isInteger(value)) throw new InvalidArgumentError('expected a whole number.');
  return value;
}
