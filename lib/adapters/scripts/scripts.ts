// Users' scripts, run in threads of their own: Lua health checks and jq path expressions. Threads start with the first script.
import { InvalidInput } from '../../model/errors.ts';
import type { Manifest } from '../../model/manifest.ts';
import type { Edit, HealthCheck, PathExpression, ScriptedHealth } from '../../model/script.ts';
import type { Scripts } from '../../ports.ts';
import type { Edited, EditJob } from './jq.ts';
import type { HealthJob } from './lua.ts';
import { DEADLINE_EXCEEDED, Thread } from './thread.ts';

/** Argo CD's limit for a script and for an expression. */
const LIMIT_MS = 1000;
/** A script that is told to stop says where it was; one that does not listen is ended after this. */
const GRACE_MS = 200;
/** All scripts of one call together; those that are left then are not run. */
const CALL_MS = 10_000;

const MEMORY = { lua: 64, jq: 192 };
const IDLE_MS = 60_000;

export interface ScriptsOptions {
  /** How long a thread waits for more to do. */
  readonly idleMs?: number;
  /** What the scripts of one call may take together. */
  readonly callMs?: number;
}

export function createScripts({ idleMs = IDLE_MS, callMs = CALL_MS }: ScriptsOptions = {}): Scripts {
  const lua = new Thread<HealthJob, ScriptedHealth>({ engine: 'lua', memoryMiB: MEMORY.lua, idleMs });
  const jq = new Thread<EditJob, Edited>({ engine: 'jq', memoryMiB: MEMORY.jq, idleMs });
  return {
    health: (checks) => healths(lua, checks, callMs),
    without: (edits) => withoutAll(new Editing(jq, callMs), edits),
  };
}

async function healths(
  lua: Thread<HealthJob, ScriptedHealth>,
  checks: readonly HealthCheck[],
  callMs: number,
): Promise<readonly ScriptedHealth[]> {
  const outcomes: ScriptedHealth[] = [];
  let left = callMs;
  for (const check of checks) {
    if (left <= 0) {
      outcomes.push({ fault: `<string>: ${DEADLINE_EXCEEDED}: the scripts before it took ${callMs / 1000} s` });
      continue;
    }
    const ran = await lua.run({ ...check, seconds: LIMIT_MS / 1000 }, LIMIT_MS + GRACE_MS);
    left -= ran.ms;
    outcomes.push('answer' in ran ? ran.answer : { fault: `<string>: ${ran.ended}` });
  }
  return outcomes;
}

/** Objects with the same expressions go together. */
async function withoutAll(editing: Editing, edits: readonly Edit[]): Promise<readonly Manifest[]> {
  const groups = Map.groupBy(edits.entries(), ([, { expressions }]) => JSON.stringify(expressions));
  const edited = new Map<number, Manifest>();
  for (const group of groups.values()) {
    const objects = await editing.without(
      group.map(([, { object }]) => object),
      group[0]?.[1].expressions ?? [],
    );
    for (const [at, [index]] of group.entries()) edited.set(index, objects[at] as Manifest);
  }
  return edits.map(({ object }, index) => edited.get(index) ?? object);
}

class Editing {
  readonly #jq: Thread<EditJob, Edited>;
  #left: number;

  constructor(jq: Thread<EditJob, Edited>, callMs: number) {
    this.#jq = jq;
    this.#left = callMs;
  }

  /** A run that does not come to its end is taken apart: an expression has no effect on those objects alone that it fails for. */
  async without(objects: readonly Manifest[], expressions: readonly PathExpression[]): Promise<readonly Manifest[]> {
    if (expressions.length === 0) return objects;
    const edited = await this.#run(objects, expressions);
    if (edited !== 'failed') return edited;
    if (objects.length > 1) return inTurn(objects, (object) => this.without([object], expressions));
    if (expressions.length === 1) return objects;
    let rest = objects;
    for (const expression of expressions) rest = await this.without(rest, [expression]);
    return rest;
  }

  async #run(objects: readonly Manifest[], expressions: readonly PathExpression[]): Promise<readonly Manifest[] | 'failed'> {
    if (this.#left <= 0) return 'failed';
    const ran = await this.#jq.run({ objects, expressions: expressions.map(({ expression }) => expression) }, LIMIT_MS);
    this.#left -= ran.ms;
    if ('ended' in ran || ran.answer === 'failed') return 'failed';
    if ('objects' in ran.answer) return ran.answer.objects;
    const { field, expression } = expressions[ran.answer.wrong] ?? { field: '', expression: '' };
    throw new InvalidInput(`${field}: ${JSON.stringify(expression)} is no jq path expression: ${ran.answer.why}`);
  }
}

async function inTurn(
  objects: readonly Manifest[],
  edit: (object: Manifest) => Promise<readonly Manifest[]>,
): Promise<readonly Manifest[]> {
  const edited: Manifest[] = [];
  for (const object of objects) edited.push(...(await edit(object)));
  return edited;
}
