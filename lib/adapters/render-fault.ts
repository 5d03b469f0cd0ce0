// How a failed render reads, in Argo CD's words (spec/rendering.md §11): the command that a person would type, and what the tool said.
import { shownCommand } from '../model/rendering.ts';

/** What messages show instead of a checkout's folder. */
export const SHOWN = '<path to cached source>';
const MAX_MESSAGE = 8 * 1024;

/** `hide`: folders of ours and what to show instead. Values of parameters and literals of generators are left out. */
export function shownFault(tool: string, args: readonly string[], fault: string, hide: Readonly<Record<string, string>>): string {
  const shown = (text: string) =>
    Object.entries(hide).reduce((message, [hidden, instead]) => (hidden === '' ? message : message.replaceAll(hidden, instead)), text);
  return `\`${shown(shownCommand(tool, args))}\` ${shown(withoutLiterals(fault)).slice(0, MAX_MESSAGE)}${wayOut(fault)}`;
}

/** An option of a command line is set elsewhere here. */
function wayOut(fault: string): string {
  return fault.includes('must specify --enable-helm') ? ' in kustomize.buildOptions of argocd-cm' : '';
}

/** Kustomize repeats the literal of a secretGenerator that is no key=value. */
function withoutLiterals(text: string): string {
  return text.replace(/literal sources? .*(?=, expected key=value)/gs, 'literal source ***');
}

export function durationText(seconds: number): string {
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`;
}
