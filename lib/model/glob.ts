// Globs of settings and projects, read as gobwas reads them (spec/diff.md §4): a pattern becomes a small state machine that
// walks the text once, so no pattern makes matching slow.

type Accepts = (char: string) => boolean;

type Token = { readonly kind: 'one' | 'many'; readonly accepts: Accepts } | { readonly kind: 'open' | 'or' | 'close' };

/** `free` edges take no character, `step` takes one; state 0 is the start. */
interface State {
  readonly free: number[];
  step?: { readonly accepts: Accepts; readonly to: number };
}

interface Machine {
  readonly states: readonly State[];
  readonly end: number;
}

const SPECIAL = /[*?[{\\]/;

/**
 * Whether a glob covers the whole text: `*` and `?` stop at separators, `**` does not; `[a-z]`, `[abc]`, `[!a]`, `{a,b}` (nested too)
 * and `\` as in gobwas. Without separators `*` spans everything. A pattern that is not a glob matches nothing (spec/diff.md §4).
 */
export function globMatches(pattern: string, text: string, separators = ''): boolean {
  if (!SPECIAL.test(pattern)) return pattern === text;
  // The commonest of all, asked of every object.
  if (pattern === '*' && separators === '') return true;
  const tokens = tokenise([...pattern], separators);
  return tokens !== undefined && accepts(machineOf(tokens), text);
}

/** Undefined when the pattern is not a glob: a bad set, or a brace that is never closed. */
function tokenise(pattern: readonly string[], separators: string): readonly Token[] | undefined {
  const tokens: Token[] = [];
  const inside: Accepts = (char) => !separators.includes(char);
  let depth = 0;
  for (let at = 0; at < pattern.length; ) {
    const found = tokenAt(pattern, at, depth, inside);
    if (!found) return undefined;
    depth += DEPTH[found.token.kind];
    tokens.push(found.token);
    at = found.next;
  }
  return depth === 0 ? tokens : undefined;
}

const DEPTH = { one: 0, many: 0, or: 0, open: 1, close: -1 } as const;

function tokenAt(pattern: readonly string[], at: number, depth: number, inside: Accepts): { token: Token; next: number } | undefined {
  const char = pattern[at] ?? '';
  if (char === '*' && pattern[at + 1] === '*') return { token: { kind: 'many', accepts: () => true }, next: at + 2 };
  if (char === '\\') return escapedAt(pattern, at + 1);
  if (char !== '[') return { token: simpleToken(char, depth, inside), next: at + 1 };
  const set = setAt(pattern, at + 1);
  return set && { token: { kind: 'one', accepts: set.accepts }, next: set.last + 1 };
}

function escapedAt(pattern: readonly string[], at: number): { token: Token; next: number } | undefined {
  const char = pattern[at];
  return char === undefined ? undefined : { token: literal(char), next: at + 1 };
}

function simpleToken(char: string, depth: number, inside: Accepts): Token {
  if (char === '*') return { kind: 'many', accepts: inside };
  if (char === '?') return { kind: 'one', accepts: inside };
  if (char === '{') return { kind: 'open' };
  if (depth > 0 && char === ',') return { kind: 'or' };
  if (depth > 0 && char === '}') return { kind: 'close' };
  return literal(char);
}

function literal(expected: string): Token {
  return { kind: 'one', accepts: (char) => char === expected };
}

/** The set that follows a `[`: one range `a-z`, or a list in which `-` is a character; `last` is the place of its `]`. */
function setAt(pattern: readonly string[], start: number): { readonly accepts: Accepts; readonly last: number } | undefined {
  const negated = pattern[start] === '!';
  const first = negated ? start + 1 : start;
  const found = pattern[first + 1] === '-' ? rangeAt(pattern, first) : listAt(pattern, first);
  if (!found) return undefined;
  return { last: found.last, accepts: (char) => found.accepts(char) !== negated };
}

function rangeAt(pattern: readonly string[], first: number): { readonly accepts: Accepts; readonly last: number } | undefined {
  const low = pattern[first]?.codePointAt(0);
  const high = pattern[first + 2]?.codePointAt(0);
  if (low === undefined || high === undefined || high < low || pattern[first + 3] !== ']') return undefined;
  return { last: first + 3, accepts: (char) => between(char.codePointAt(0) ?? 0, low, high) };
}

function between(code: number, low: number, high: number): boolean {
  return code >= low && code <= high;
}

function listAt(pattern: readonly string[], first: number): { readonly accepts: Accepts; readonly last: number } | undefined {
  const chars = new Set<string>();
  for (let at = first; at < pattern.length; at += 1) {
    const char = pattern[at] ?? '';
    if (char === ']') return chars.size > 0 ? { last: at, accepts: (other) => chars.has(other) } : undefined;
    if (char === '\\') at += 1;
    chars.add(pattern[at] ?? '');
  }
  return undefined;
}

interface Group {
  readonly start: number;
  readonly end: number;
}

/** Thompson's construction with an explicit stack of open groups, so that deep nesting costs no call stack. */
function machineOf(tokens: readonly Token[]): Machine {
  const states: State[] = [{ free: [] }];
  const groups: Group[] = [];
  let current = 0;
  for (const token of tokens) {
    if (token.kind === 'one' || token.kind === 'many') current = consume(states, current, token);
    else current = nest(states, groups, current, token.kind);
  }
  return { states, end: current };
}

function add(states: State[], from: number): number {
  const to = states.push({ free: [] }) - 1;
  states[from]?.free.push(to);
  return to;
}

function consume(states: State[], current: number, token: { readonly kind: 'one' | 'many'; readonly accepts: Accepts }): number {
  const state = states[current];
  const next = states.push({ free: [] }) - 1;
  if (!state) return next;
  state.step = { accepts: token.accepts, to: token.kind === 'one' ? next : current };
  if (token.kind === 'many') state.free.push(next);
  return next;
}

function nest(states: State[], groups: Group[], current: number, kind: 'open' | 'or' | 'close'): number {
  if (kind === 'open') {
    groups.push({ start: current, end: states.push({ free: [] }) - 1 });
    return add(states, current);
  }
  const group = kind === 'close' ? groups.pop() : groups.at(-1);
  if (!group) return current;
  states[current]?.free.push(group.end);
  return kind === 'close' ? group.end : add(states, group.start);
}

function accepts(machine: Machine, text: string): boolean {
  let alive = reachable(machine, [0]);
  for (const char of text) {
    const next: number[] = [];
    for (const state of alive) {
      const step = machine.states[state]?.step;
      if (step?.accepts(char)) next.push(step.to);
    }
    if (next.length === 0) return false;
    alive = reachable(machine, next);
  }
  return alive.has(machine.end);
}

/** The states that can be reached without a further character. */
function reachable(machine: Machine, from: readonly number[]): ReadonlySet<number> {
  const seen = new Set(from);
  for (const state of seen) for (const next of machine.states[state]?.free ?? []) seen.add(next);
  return seen;
}
