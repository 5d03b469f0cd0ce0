// The C functions of Lua that are needed here, and plain data as Lua's tables. Nothing of JavaScript is ever shown to a script.
import { LuaWasm } from 'wasmoon';

type Call = (...args: readonly (number | bigint)[]) => number;

/** Functions of the module by the names that Lua's manual gives them. */
const NAMES = [
  'free',
  'lua_checkstack',
  'lua_close',
  'lua_createtable',
  'lua_pcallk',
  'lua_pushboolean',
  'lua_pushinteger',
  'lua_pushlstring',
  'lua_pushnumber',
  'lua_rawset',
  'lua_rawseti',
  'lua_settop',
  'lua_tolstring',
  'luaL_loadbufferx',
  'luaL_newstate',
  'luaL_openlibs',
  'malloc',
] as const;

export type Lua = Readonly<Record<(typeof NAMES)[number], Call>> & {
  /** All of its memory; another array whenever it has grown. */
  readonly bytes: () => Uint8Array;
  /** Room for short texts on their way in. */
  readonly room: number;
};

const ROOM = 16 * 1024;
const encoder = new TextEncoder();

export async function loadLua(): Promise<Lua> {
  const { module } = await LuaWasm.initialize();
  const calls: Record<(typeof NAMES)[number], Call> = Object.assign(
    {},
    ...NAMES.map((name) => ({ [name]: Reflect.get(module, `_${name}`) })),
  );
  return { ...calls, bytes: () => module.HEAPU8, room: calls.malloc(ROOM) };
}

/**
 * Puts a value onto the stack of a state. Null is nil, so that it is absent from tables and passed over in lists (spec/health.md §6.1).
 * Throws when there is no room for it.
 */
export function push(lua: Lua, state: number, value: unknown): void {
  if (typeof value === 'string') pushBytes(lua, state, value);
  else if (typeof value === 'boolean') lua.lua_pushboolean(state, Number(value));
  else if (Number.isSafeInteger(value)) lua.lua_pushinteger(state, BigInt(Number(value)));
  else if (typeof value === 'bigint') lua.lua_pushinteger(state, value);
  else if (typeof value === 'number') lua.lua_pushnumber(state, value);
  else pushTable(lua, state, value ?? {});
}

/** How many places of the stack a table takes while it is filled. */
const PLACES = 4;

function pushTable(lua: Lua, state: number, value: object): void {
  if (lua.lua_checkstack(state, PLACES) === 0) throw new RangeError('no room is left');
  if (Array.isArray(value)) {
    const items = value.filter(isThere);
    lua.lua_createtable(state, items.length, 0);
    for (const [index, item] of items.entries()) {
      push(lua, state, item);
      lua.lua_rawseti(state, -2, BigInt(index + 1));
    }
    return;
  }
  const members = Object.entries(value).filter(([, member]) => isThere(member));
  lua.lua_createtable(state, 0, members.length);
  for (const [name, member] of members) {
    pushBytes(lua, state, name);
    push(lua, state, member);
    lua.lua_rawset(state, -3);
  }
}

function isThere(value: unknown): boolean {
  return value !== null && value !== undefined;
}

/** A text as UTF-8, or bytes. */
export function pushBytes(lua: Lua, state: number, content: string | Uint8Array): void {
  if (typeof content === 'string' && content.length * 3 <= ROOM) {
    const { written } = encoder.encodeInto(content, lua.bytes().subarray(lua.room, lua.room + ROOM));
    lua.lua_pushlstring(state, lua.room, written);
    return;
  }
  const { at, length } = placed(lua, content);
  lua.lua_pushlstring(state, at, length);
  lua.free(at);
}

/** A chunk of Lua onto the stack, its text or what `string.dump` made of it; an error's text in its place when that is no Lua. */
export function load(lua: Lua, state: number, content: string | Uint8Array, name: string): void {
  const chunk = placed(lua, content);
  const named = placed(lua, `=${name}\0`);
  const mode = placed(lua, typeof content === 'string' ? 't\0' : 'b\0');
  lua.luaL_loadbufferx(state, chunk.at, chunk.length, named.at, mode.at);
  for (const { at } of [chunk, named, mode]) lua.free(at);
}

/** Content in memory that is the caller's to free. */
function placed(lua: Lua, content: string | Uint8Array): { readonly at: number; readonly length: number } {
  const bytes = typeof content === 'string' ? encoder.encode(content) : content;
  const at = lua.malloc(bytes.length);
  if (at === 0) throw new RangeError('no room is left');
  lua.bytes().set(bytes, at);
  return { at, length: bytes.length };
}

/** The bytes of the text at a place of the stack; none where there is no text. */
export function bytesAt(lua: Lua, state: number, index: number): Buffer {
  const at = lua.lua_tolstring(state, index, lua.room);
  if (at === 0) return Buffer.alloc(0);
  const memory = lua.bytes();
  const length = new DataView(memory.buffer).getUint32(lua.room, true);
  return Buffer.from(memory.subarray(at, at + length));
}
