// Patterns of the kind lists of projects, read as Go's filepath.Match reads them (spec/project.md §2); other globs are in glob.ts.

const TOKEN = /\*+|\?|\\([\s\S])|\[(\^?)((?:(?:\\[\s\S]|[^\\\]-])(?:-(?:\\[\s\S]|[^\\\]-]))?)+)\]|[^[\\]/uy;
const RANGE = /(\\[\s\S]|[^\\])(?:-(\\[\s\S]|[^\\]))?/gu;

/** Whether a pattern covers the whole text: `*` and `?` stop at `/`, `[a-z0-9]`, `[^a]`, `\` escapes. A bad pattern matches nothing. */
export function pathGlobMatches(pattern: string, text: string): boolean {
  const expression = expressionOf(pattern);
  return expression !== undefined && new RegExp(`^${expression}$`, 'u').test(text);
}

function expressionOf(pattern: string): string | undefined {
  let expression = '';
  for (let at = 0; at < pattern.length; at = TOKEN.lastIndex) {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(pattern);
    if (!match) return undefined;
    const part = partOf(match);
    if (part === undefined) return undefined;
    expression += part;
  }
  return expression;
}

function partOf([token, escaped, negated, ranges]: RegExpExecArray): string | undefined {
  if (ranges !== undefined) return setOf(ranges, negated === '^');
  if (escaped !== undefined) return literal(escaped);
  if (token.startsWith('*')) return '[^/]*';
  return token === '?' ? '[^/]' : literal(token);
}

function setOf(ranges: string, negated: boolean): string | undefined {
  const pairs = [...ranges.matchAll(RANGE)].map(([, low = '', high = low]) => [character(low), character(high)] as const);
  if (pairs.some(([low, high]) => high < low)) return undefined;
  return `[${negated ? '^' : ''}${pairs.map(([low, high]) => `${literal(low)}-${literal(high)}`).join('')}]`;
}

function character(text: string): string {
  return text.startsWith('\\') && text.length > 1 ? text.slice(1) : text;
}

function literal(text: string): string {
  return `\\u{${(text.codePointAt(0) ?? 0).toString(16)}}`;
}
