// Scripts that mean harm, or are just wrong: each is bounded, harms no neighbour, and reaches nothing.
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it, test, vi } from 'vitest';
import { createScripts } from '../../lib/adapters/scripts/scripts.ts';
import type { LiveObject } from '../../lib/model/manifest.ts';

const scripts = createScripts();
const object: LiveObject = {
  apiVersion: 'example.com/v1',
  kind: 'Widget',
  metadata: { name: 'one', uid: 'u', resourceVersion: '1' },
  status: { phase: 'Running' },
};
const neighbour = { object, script: 'return { status = "Healthy", message = obj.status.phase }', openLibs: false };
const well = { health: { status: 'Healthy', message: 'Running' } };
const field = 'spec.ignoreDifferences[0].jqPathExpressions[0]';

/** Longest that a script may take, with the start of another thread on a busy machine. */
const PATIENCE_MS = 10_000;
const TOO_LATE = /^<string>:(\d+:)? context deadline exceeded$/;
const TOO_LARGE = /not enough memory$/;
/** Whichever bound it meets first: that depends on the machine. */
const BOUNDED = /(?:stack overflow|not enough memory|context deadline exceeded)$/;

const HOSTILE: Readonly<Record<string, readonly [script: string, fault: RegExp]>> = {
  'loops for ever': ['while true do end', TOO_LATE],
  'loops for ever and catches what it is told': ['while true do pcall(function() while true do end end) end', TOO_LATE],
  'loops for ever where no hook sees it': ['coroutine.wrap(function() while true do end end)()', TOO_LATE],
  'has a pattern that never ends': ['return { status = string.rep("a", 30):find(("a*"):rep(30) .. "b") }', TOO_LATE],
  'sorts in an order that never ends': [
    'local t = {} for i = 1, 1e5 do t[i] = i end while true do table.sort(t, function(a, b) return a > b end) end',
    TOO_LATE,
  ],
  'makes one text of a gigabyte': ['return { status = "Healthy", message = string.rep("x", 1e9) }', TOO_LARGE],
  'doubles a text for ever': ['local text = "x" while true do text = text .. text end', BOUNDED],
  'fills a table for ever': ['local t = {} local i = 0 while true do i = i + 1 t[i] = i end', BOUNDED],
  'fills a table and catches what it is told': [
    'local t = {} while true do pcall(function() for i = 1, 1e9 do t[#t + 1] = {} end end) end',
    TOO_LATE,
  ],
  'calls itself for ever': ['local function f() return 1 + f() end return f()', BOUNDED],
  'calls itself through C': ['local function f(text) return (text:gsub(".", f)) end return f("x")', /C stack overflow/],
  'starts coroutines for ever': [
    'local all = {} while true do all[#all + 1] = coroutine.create(print) coroutine.resume(all[#all]) end',
    BOUNDED,
  ],
  'starts coroutines in coroutines': ['local function f() return coroutine.wrap(f)() end return f()', /C stack overflow/],
  'never ends when it is thrown away': [
    'setmetatable({}, { __gc = function() while true do end end }) return { status = "Healthy" }',
    TOO_LATE,
  ],
  'has an object that never ends': [
    'setmetatable(obj, { __index = function(t, key) return t[key .. "x"] end }) return obj.status.missing.x or obj.missing',
    /./,
  ],
  'returns a table that never ends': ['local t = {} t.t = { t } return t', /cannot encode recursively nested tables to JSON$/],
  'returns a table that is too deep': ['local t = {} local deep = t for i = 1, 1e5 do deep.t = {} deep = deep.t end return t', BOUNDED],
  // It fits into memory, and what it takes to look at it does not.
  'returns a table that is too wide': ['local t = {} for i = 1, 2e6 do t[i] = i end return t', BOUNDED],
  'is nested too deep to be read': [`return ${'('.repeat(1e5)}`, /C levels|C stack overflow|overflow/],
  'raises an error of a megabyte': ['error(string.rep("x", 1e6))', /^<string>:1: x{1000,4096}$/],
  'breaks what it stands on': [
    'pcall, xpcall, type, next, select, error = nil require("string").format = nil _G = nil return 1 .. nil',
    /attempt to concatenate a nil value$/,
  ],
  'is bytecode': ['\x1bLua', /./],
};

describe('a health script that', () => {
  it.each(Object.entries(HOSTILE))(
    '%s is ended, and its neighbours are not',
    async (_, [script, fault]) => {
      const startedAt = performance.now();
      const outcomes = await scripts.health([neighbour, { object, script, openLibs: true }, neighbour]);
      expect(performance.now() - startedAt).toBeLessThan(PATIENCE_MS);
      expect(outcomes).toEqual([well, { fault: expect.stringMatching(fault) }, well]);
    },
    PATIENCE_MS,
  );

  it('changes what it can changes nothing for the next', async () => {
    const script = `
      string.format, table.concat, math.floor, tostring, pairs, type = nil, nil, nil, nil, nil, nil
      getmetatable("").__index = function() return "spoilt" end
      obj.status, package.loaded.table, package.preload.os = nil, nil, nil
      leaked, _G.unpack = "yes", nil
      return { status = "Healthy" }`;
    const next = `return { status = "Healthy", message = tostring(leaked) .. obj.status.phase .. ("x"):rep(2) .. string.format("%d", 3.5) }`;
    const outcomes = await scripts.health([script, next].map((text) => ({ object, script: text, openLibs: true })));
    expect(outcomes).toEqual([{ health: { status: 'Healthy' } }, { health: { status: 'Healthy', message: 'nilRunningxx3' } }]);
  });

  it('reads all that it can find finds no secret', async () => {
    vi.stubEnv('EVENKEEL_TEST_CANARY', 'canary-e6f1');
    const script = `
      local seen, found = {}, {}
      local function walk(value)
        if type(value) == "string" and value:find("canary-", 1, true) then found[#found + 1] = value end
        if type(value) ~= "table" or seen[value] then return end
        seen[value] = true
        for key, member in pairs(value) do walk(key) walk(member) end
        walk(getmetatable(value))
      end
      walk(_G) walk(getmetatable("")) walk({ os.date("%c"), _VERSION, tostring(print) })
      return { status = #found == 0 and "Healthy" or "Degraded", message = table.concat(found, " ") }`;
    // Nothing of other scripts' objects either.
    const secret = { ...neighbour, object: { ...object, data: { password: 'canary-of-another' } } };
    const fresh = createScripts();
    expect(await fresh.health([secret, { object, script, openLibs: true }])).toEqual([well, { health: { status: 'Healthy' } }]);
    vi.unstubAllEnvs();
  });
});

test(
  'scripts that take all the time of a call leave none to those behind them, which are told',
  async () => {
    const loop = { object, script: 'while true do end', openLibs: true };
    const outcomes = await createScripts({ callMs: 1500 }).health([loop, loop, loop, neighbour]);
    const faults = outcomes.map((outcome) => ('fault' in outcome ? outcome.fault : 'none'));
    expect(faults.slice(0, 2)).toEqual([expect.stringMatching(TOO_LATE), expect.stringMatching(TOO_LATE)]);
    const told = '<string>: context deadline exceeded: the scripts before it took 1.5 s';
    expect(faults.slice(2)).toEqual([told, told]);
  },
  PATIENCE_MS,
);

test('an object of any size and depth is taken, or refused as too large', async () => {
  const wide = { ...object, data: Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`key-${index}`, 'x'.repeat(250)])) };
  const long = { ...object, data: { text: 'é'.repeat(700_000) } };
  const count = 'local n = 0 for _ in pairs(obj.data) do n = n + 1 end return { status = "Healthy", message = "" .. n }';
  let deep: unknown = 'end';
  for (let level = 0; level < 2000; level += 1) deep = { deep };
  const huge = { ...object, data: Array.from({ length: 700_000 }, (_, index) => `item ${index}`) };
  const checks = [wide, long, { ...object, data: { deep } }, huge].map((large) => ({ object: large, script: count, openLibs: false }));
  const outcomes = await scripts.health([...checks, neighbour]);
  expect(outcomes).toEqual([
    { health: { status: 'Healthy', message: '5000' } },
    ...[1, 2].map(() => ({ health: { status: 'Healthy', message: '1' } })),
    { fault: expect.stringMatching(BOUNDED) },
    well,
  ]);
}, 20_000);

const ENDLESS: Readonly<Record<string, string>> = {
  'loops for ever': 'last(repeat(.))',
  'loops for ever and catches what it is told': 'last(repeat(try error catch .))',
  'makes a list without end': '[range(1e12)]',
  'calls itself for ever': 'def f: 1 + f; f',
  'doubles a text for ever': '("x" | last(recurse(. + .)))',
  'has a pattern that never ends': '.metadata.name | select(("a" * 40) | test("^(a+)+$b"))',
  'leaves an answer that is too large': '.x) | .list = [range(1e7)] | (.',
};

describe('a jq path expression that', () => {
  it.each(Object.entries(ENDLESS))(
    '%s has no effect, and its neighbours have theirs',
    async (_, expression) => {
      const startedAt = performance.now();
      const edit = { object, expressions: [expression, '.status'].map((one) => ({ field, expression: one })) };
      const { status: _status, ...rest } = object;
      expect(await scripts.without([edit])).toEqual([rest]);
      expect(performance.now() - startedAt).toBeLessThan(2 * PATIENCE_MS);
    },
    2 * PATIENCE_MS,
  );

  it(
    'fails for one object fails for that one alone',
    async () => {
      const expressions = [{ field, expression: 'if .metadata.name == "slow" then last(repeat(.)) else .status end' }];
      const slow = { ...object, metadata: { ...object.metadata, name: 'slow' } };
      const { status: _status, ...rest } = object;
      const edited = await scripts.without([object, slow, object].map((one) => ({ object: one, expressions })));
      expect(edited).toEqual([rest, slow, rest]);
    },
    PATIENCE_MS,
  );
});

test('integers of 64 bits stay what they are', async () => {
  const large = { ...object, spec: { size: 9007199254740993n, lowest: -9223372036854775808n, gone: 1 } };
  const { gone: _gone, ...kept } = large.spec;
  expect(await scripts.without([{ object: large, expressions: [{ field, expression: '.spec.gone' }] }])).toEqual([
    { ...large, spec: kept },
  ]);
  const script = 'return { status = "Healthy", message = tostring(obj.spec.size) }';
  expect(await scripts.health([{ object: large, script, openLibs: false }])).toEqual([
    { health: { status: 'Healthy', message: '9007199254740993' } },
  ]);
});

test(
  'nothing is printed, and a process that asked ends by itself',
  async () => {
    const adapter = join(import.meta.dirname, '..', '..', 'lib', 'adapters', 'scripts', 'scripts.ts');
    const program = `
    const { createScripts } = await import(process.argv[1]);
    const scripts = createScripts();
    const object = ${JSON.stringify(object)};
    await scripts.health([{ object, script: 'print("canary") return { status = "Healthy" }', openLibs: true }]);
    await scripts.health([{ object, script: 'error("canary")', openLibs: true }]);
    const expressions = ['.x | debug', '.x | stderr', '"canary" | halt_error'].map((expression) => ({ field: 'f', expression }));
    await scripts.without([{ object, expressions }]);`;
    const run = promisify(execFile);
    const ended = await run(process.execPath, ['--input-type=module', '--eval', program, adapter], { timeout: PATIENCE_MS });
    expect(ended).toEqual({ stdout: '', stderr: '' });
  },
  2 * PATIENCE_MS,
);

test(
  'a thread that has nothing to do ends, and the next script starts another',
  async () => {
    const threads = () => readdirSync('/proc/self/task').length;
    const idle = createScripts({ idleMs: 20 });
    const before = threads();
    expect(await idle.health([neighbour])).toEqual([well]);
    for (const end = Date.now() + PATIENCE_MS; threads() > before && Date.now() < end; ) await sleep(20);
    expect(threads()).toBeLessThanOrEqual(before);
    expect(await idle.health([neighbour])).toEqual([well]);
  },
  2 * PATIENCE_MS,
);

test('any text at all gives an outcome in time, and leaves the interpreter as it was', async () => {
  const word = fc.constantFrom(
    ...[
      'return',
      '{',
      '}',
      '(',
      ')',
      '=',
      '..',
      '.',
      ':',
      ',',
      'status',
      'obj',
      '"Healthy"',
      '1',
      'nil',
      'local x',
      'x',
      'end',
      'do',
      'then',
    ],
    ...['if', 'while true', 'for i = 1, 3 do', 'function f()', 'pcall', 'error', 'string.rep("x", 1e8)', 'setmetatable', 'coroutine.wrap'],
    ...['require "os"', '[[', ']]', '--', '#', '%', '\n', 'goto', '::l::', 'load', '_G', '("a"):rep(9)', 'table.concat', '{ __index = x }'],
  );
  const script = fc.oneof(
    fc.array(word, { maxLength: 25 }).map((words) => words.join(' ')),
    fc.string({ unit: 'binary', maxLength: 200 }),
  );
  await fc.assert(
    fc.asyncProperty(script, fc.boolean(), async (text, openLibs) => {
      const [outcome, next] = await scripts.health([{ object, script: text, openLibs }, neighbour]);
      expect(outcome).toSatisfy((one) => typeof one === 'object' && ('fault' in one ? one.fault !== '' : 'health' in one));
      expect(next).toEqual(well);
    }),
    { numRuns: 300 },
  );
}, 120_000);
