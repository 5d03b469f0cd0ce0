// `${…}` of serverless.yml (Serverless Framework, "Variables"): self, opt, sls, param, env, aws and file, with fallbacks.
// What cannot be known here stays as it is; whoever needs such a value is told then.
import { InvalidInput } from '../../../lib/model/errors.ts';
import { isRecord } from '../../../lib/model/manifest.ts';

export interface VariableSources {
  readonly stage: string;
  readonly region: string;
  readonly accountId: string;
  /** The document that a `${file(…)}` names, parsed. Throws when there is none. */
  readonly file: (path: string) => unknown;
}

const VARIABLE = /\$\{((?:self|opt|sls|param|env|aws|file)\b[^${}]*)\}/;
const ONLY_VARIABLE = new RegExp(`^${VARIABLE.source}$`);
const DEPTH = 32;

interface Scope {
  readonly root: unknown;
  readonly sources: VariableSources;
  readonly depth: number;
}

/** The document with its variables replaced, innermost first. Throws InvalidInput for variables that name each other in a circle. */
export function resolveVariables(root: unknown, sources: VariableSources): unknown {
  return resolved(root, { root, sources, depth: 0 });
}

function resolved(node: unknown, scope: Scope): unknown {
  if (typeof node === 'string') return text(node, scope);
  if (Array.isArray(node)) return node.map((item) => resolved(item, scope));
  if (!isRecord(node)) return node;
  return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, resolved(value, scope)]));
}

function text(node: string, scope: Scope): unknown {
  if (scope.depth > DEPTH) throw new InvalidInput(`serverless.yml: variables name each other in a circle: ${node}`);
  const deeper = { ...scope, depth: scope.depth + 1 };
  const whole = ONLY_VARIABLE.exec(node)?.[1];
  if (whole !== undefined) {
    const value = lookup(whole, deeper);
    return value === undefined ? node : resolved(value, deeper);
  }
  const part = VARIABLE.exec(node);
  const value = part?.[1] === undefined ? undefined : lookup(part[1], deeper);
  if (part === null || value === undefined) return node;
  return text(node.slice(0, part.index) + plain(value, node) + node.slice(part.index + part[0].length), deeper);
}

function plain(value: unknown, where: string): string {
  if (isRecord(value) || Array.isArray(value)) throw new InvalidInput(`serverless.yml: "${where}" puts a map or a list into a text`);
  return String(value);
}

/** `self:a.b, 'fallback'`: the first alternative that has a value. */
function lookup(expression: string, scope: Scope): unknown {
  for (const alternative of expression.split(/,\s*(?![^()]*\))/)) {
    const value = single(alternative.trim(), scope);
    if (value !== undefined && value !== null) return value;
  }
  return undefined;
}

function single(name: string, { root, sources }: Scope): unknown {
  const literal = /^'(.*)'$|^"(.*)"$|^(-?\d+(?:\.\d+)?|true|false)$/.exec(name);
  if (literal) return literal[3] === undefined ? (literal[1] ?? literal[2]) : JSON.parse(literal[3]);
  const file = /^file\(\s*(.+?)\s*\)(?::(.+))?$/.exec(name);
  if (file?.[1] !== undefined) return at(sources.file(file[1]), file[2] ?? '');
  const [kind = '', path = ''] = name.split(/:(.*)/s);
  if (kind === 'self') return at(root, path);
  if (kind === 'param') return at(root, `params.${sources.stage}.${path}`) ?? at(root, `params.default.${path}`);
  return at({ opt: { stage: sources.stage, region: sources.region }, sls: { stage: sources.stage }, aws: sources }, `${kind}.${path}`);
}

function at(node: unknown, path: string): unknown {
  return path
    .split('.')
    .filter((key) => key !== '')
    .reduce<unknown>((value, key) => (isRecord(value) || Array.isArray(value) ? Reflect.get(value, key) : undefined), node);
}
