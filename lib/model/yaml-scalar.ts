// Plain YAML scalars as go-yaml resolves them (YAML 1.1 with the octals of 1.2): what a text without quotes stands for.
import { longInteger } from './json.ts';

const NULLS = new Set(['', '~', 'null', 'Null', 'NULL']);
const TRUES = new Set(['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON']);
const FALSES = new Set(['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF']);
const INTEGER = /^[-+]?(?:0|[1-9][0-9]*|0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+)$/;
const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;
const NOT_FINITE = /^(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;
const MAX_UNSIGNED = 2 ** 64;

export function isNull(text: string): boolean {
  return NULLS.has(text);
}

export function isBoolean(text: string): boolean {
  return TRUES.has(text) || FALSES.has(text);
}

export function readBoolean(text: string): boolean {
  return TRUES.has(text);
}

/** Whether a text is an integer of 64 bits; a longer decimal is a float, and a longer one of another base is text. */
export function isInteger(text: string): boolean {
  return looksLikeInteger(text) && Math.abs(Number(readInteger(text))) < MAX_UNSIGNED;
}

/** Whether a text is a float; one that is too large for 64 bits is text. */
export function isFloat(text: string): boolean {
  return looksLikeFloat(text) && (NOT_FINITE.test(text) || Number.isFinite(readFloat(text)));
}

/** Whether some reader of YAML might take a text for a number. */
export function looksLikeNumber(text: string): boolean {
  return looksLikeInteger(text) || looksLikeFloat(text);
}

/** Go's ParseInt with base 0: a leading zero is octal. */
export function readInteger(text: string): number | bigint {
  const plain = text.replaceAll('_', '').toLowerCase();
  const negative = plain.startsWith('-');
  const digits = plain.replace(/^[-+]/, '').replace(/^(?=0[0-7])/, '0o');
  const size = Number(digits);
  if (!Number.isSafeInteger(size)) return longInteger(digits, negative) ?? (negative ? -size : size);
  return size === 0 || !negative ? size : -size;
}

export function readFloat(text: string): number {
  if (/nan$/i.test(text)) return Number.NaN;
  if (/inf$/i.test(text)) return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return Number(text.replaceAll('_', ''));
}

function looksLikeInteger(text: string): boolean {
  return startsLikeNumber(text) && INTEGER.test(text.replaceAll('_', ''));
}

function looksLikeFloat(text: string): boolean {
  return startsLikeNumber(text) && (FLOAT.test(text.replaceAll('_', '')) || NOT_FINITE.test(text));
}

function startsLikeNumber(text: string): boolean {
  return /^[-+.0-9]/.test(text);
}
