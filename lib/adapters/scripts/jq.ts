// jq path expressions, taken away with `del` (spec/diff.md §5): one run of jq for any number of objects, since it starts anew for each run.
import started from 'jq-web';
import { parseJson } from '../../model/json.ts';
import { isRecord, type Manifest } from '../../model/manifest.ts';

export interface EditJob {
  readonly objects: readonly Manifest[];
  readonly expressions: readonly string[];
}

/** `failed`: the run ended before it was through. `wrong`: which expression is none, and why. */
export type Edited = { readonly objects: readonly Manifest[] } | 'failed' | { readonly wrong: number; readonly why: string };

/** jq's exit code for what it cannot compile. */
const NO_PROGRAM = 3;
/** What is known to compile is forgotten beyond so many expressions. */
const MAX_KNOWN = 1000;

type Jq = Awaited<typeof started>;

/** Throws when jq cannot be used any more. */
export async function createJq(): Promise<(job: EditJob) => Edited> {
  const jq = await started;
  const known = new Set<string>();
  return (job) => wrongIn(jq, known, job.expressions) ?? edited(jq, job);
}

function wrongIn(jq: Jq, known: Set<string>, expressions: readonly string[]): Edited | undefined {
  for (const [wrong, expression] of expressions.entries()) {
    const why = known.has(expression) ? undefined : faultIn(jq, expression);
    if (why !== undefined) return { wrong, why };
    if (known.size >= MAX_KNOWN) known.clear();
    known.add(expression);
  }
  return undefined;
}

function edited(jq: Jq, { objects, expressions }: EditJob): Edited {
  const { text } = run(jq, JSON.stringify(objects), program(expressions));
  const answer = text === undefined ? undefined : parseJson(text); // jq passes on the digits of numbers that it does not touch
  if (!Array.isArray(answer) || answer.length !== objects.length) return 'failed';
  return { objects: answer };
}

/** By itself, since one that ends its own bracket may make sense among others. Without input nothing runs. */
function faultIn(jq: Jq, expression: string): string | undefined {
  const { code, complaint } = run(jq, '', `del(${expression})`);
  return code === NO_PROGRAM ? complaint : undefined;
}

/** An expression that raises an error, or leaves anything but one object, has no effect. The environment is no expression's business. */
function program(expressions: readonly string[]): string {
  const steps = expressions.map(
    (expression) =>
      `(. as $before | (try [del(${expression}\n)] catch null) | if type == "array" and length == 1 and (.[0] | type) == "object" then .[0] else $before end)`,
  );
  return `def env: {}; {} as $ENV | [.[] | ${steps.join(' | ')}]`;
}

interface Ran {
  readonly text?: string | undefined;
  readonly code: number;
  readonly complaint: string;
}

function run(jq: Jq, input: string, text: string): Ran {
  try {
    return { text: jq.raw(input, text, ['-c']), code: 0, complaint: '' };
  } catch (thrown) {
    const { exitCode, stderr } = isRecord(thrown) ? thrown : {};
    if (typeof exitCode !== 'number') throw thrown;
    return { code: exitCode, complaint: explained(String(stderr)) };
  }
}

/** `jq: error: syntax error, unexpected end of file (Unix shell quoting issues?) at <top-level>, line 1:` and the program. */
function explained(stderr: string): string {
  const [first = ''] = stderr.split('\n');
  return first.replace(/^jq: error: |( \(Unix shell quoting issues\?\))?( at <top-level>, line \d+)?:?$/g, '');
}
