// Health scripts in Lua, each in a state of its own that ends with it. How long and how large it may get is the thread's matter.
import type { HealthStatusCode } from '../../model/application.ts';
import type { HealthCheck, ScriptedHealth } from '../../model/script.ts';
import { joinedAsIn51, PRELUDE } from './lua-prelude.ts';
import { bytesAt, type Lua, load, loadLua, push, pushBytes } from './lua-state.ts';

const CODES: readonly HealthStatusCode[] = ['Healthy', 'Suspended', 'Progressing', 'Missing', 'Degraded', 'Unknown'];

/** What `lua_pcall` answers when nothing was raised. */
const OK = 0;
/** Longest text of a script that becomes part of a status, in bytes. */
const MAX_TEXT = 4 * 1024;

/** A check, and how many seconds it has until it is told to stop; it may not listen. */
export type HealthJob = HealthCheck & { readonly seconds: number };

/** Throws when the interpreter cannot be used any more. */
export async function createLua(): Promise<(job: HealthJob) => ScriptedHealth> {
  const lua = await loadLua();
  const prelude = compiled(lua);
  return (job) => asked(lua, prelude, job);
}

/** Bytecode of the prelude: reading its text would take longer than most scripts. */
function compiled(lua: Lua): Uint8Array {
  const state = started(lua);
  load(lua, state, 'return string.dump((...))', 'dump');
  load(lua, state, PRELUDE, '<prelude>');
  lua.lua_pcallk(state, 1, 1, 0, 0, 0);
  const bytes = bytesAt(lua, state, -1);
  lua.lua_close(state);
  return bytes;
}

/** A state with all libraries, which the prelude takes away. */
function started(lua: Lua): number {
  const state = lua.luaL_newstate();
  lua.luaL_openlibs(state);
  lua.lua_settop(state, 0);
  return state;
}

function asked(lua: Lua, prelude: Uint8Array, job: HealthJob): ScriptedHealth {
  const state = prepared(lua, prelude, job);
  const ended = lua.lua_pcallk(state, 4, 3, 0, 0, 0);
  const texts = ended === OK ? [-3, -2, -1].map((index) => textAt(lua, state, index)) : ['fault', textAt(lua, state, -1)];
  lua.lua_close(state);
  return outcomeOf(texts);
}

/** What Lua raises outside of a call aborts it, and without memory is all that it may raise here. */
function prepared(lua: Lua, prelude: Uint8Array, { openLibs, seconds, script, object }: HealthJob): number {
  try {
    const state = started(lua);
    load(lua, state, prelude, '<prelude>');
    push(lua, state, openLibs);
    lua.lua_pushnumber(state, seconds);
    pushBytes(lua, state, joinedAsIn51(script));
    push(lua, state, object);
    return state;
  } catch (cause) {
    throw new Error('not enough memory', { cause });
  }
}

function textAt(lua: Lua, state: number, index: number): string {
  return bytesAt(lua, state, index).subarray(0, MAX_TEXT).toString('utf8');
}

function outcomeOf([verdict, first = '', message = '']: readonly string[]): ScriptedHealth {
  if (verdict === 'none') return { health: undefined };
  if (verdict !== 'health') return { fault: first };
  const status = CODES.find((code) => code === first);
  if (!status) return { health: { status: 'Unknown', message: 'Lua returned an invalid health status' } };
  return { health: message === '' ? { status } : { status, message } };
}
