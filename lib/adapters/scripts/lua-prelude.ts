// What a health script finds around it (spec/health.md §6.1): the globals and habits of Lua 5.1 on Lua 5.4, the libraries that it may have,
// and the rules by which Argo CD reads what it returns.

/** The name by which the script knows what joins texts; `joinedAsIn51` writes it into scripts. */
export const JOINED = '__joined';

/** Run with the script's libraries, its seconds, its text and its object; says `health` and two texts, `none`, or `fault` and a text. */
export const PRELUDE = `
local open, seconds, source, object = ...
local G, coroutine, math, string, table = _G, coroutine, math, string, table
local sethook, getinfo, withMetatable = debug.sethook, debug.getinfo, debug.setmetatable
local clock, date, difftime, time = os.clock, os.date, os.difftime, os.time
local concat, sort, unpack = table.concat, table.sort, table.unpack
local find, format, gmatch, lower, sub = string.find, string.format, string.gmatch, string.lower, string.sub
local ceil, exp, floor, huge, log, math_type = math.ceil, math.exp, math.floor, math.huge, math.log, math.type
local error, getmetatable, ipairs, load, next = error, getmetatable, ipairs, load, next
local rawget, select, setmetatable, tonumber, tostring = rawget, select, setmetatable, tonumber, tostring
local type, xpcall = type, xpcall

-- Lua 5.1 has one kind of number, and prints 3 for 3.0.
local function number(value)
  if math_type(value) == 'integer' then return format('%d', value) end
  if value ~= value then return 'NaN' end
  if value == huge then return '+Inf' end
  if value == -huge then return '-Inf' end
  if value == floor(value) and value >= -2^63 and value < 2^63 then return format('%d', value) end
  for digits = 15, 16 do
    local short = format('%.' .. digits .. 'g', value)
    if tonumber(short) == value then return short end
  end
  return format('%.17g', value)
end

local function asText(value)
  return type(value) == 'number' and number(value) or value
end

-- Where the script is, for errors that are raised here. Deep down it is not looked for long: each level is counted from the top.
local function place()
  for level = 2, 20 do
    local frame = getinfo(level, 'Sl')
    if not frame then break end
    if frame.short_src == '<string>' and frame.currentline > 0 then return format('<string>:%d: ', frame.currentline) end
  end
  return '<string>: '
end

local function explained(message)
  sethook()
  if type(message) == 'number' then return number(message) end
  if type(message) ~= 'string' then return place() .. '(error object is a ' .. type(message) .. ' value)' end
  local _, last = find(message, '^<prelude>:%d+: ')
  return last and place() .. sub(message, last + 1) or message
end

-- Raised again at each instruction, so that no pcall of the script holds it back.
local deadline = clock() + seconds
local function watch()
  if clock() < deadline then return end
  if getinfo(2, 'f').func == explained then return sethook() end
  sethook(watch, '', 1)
  error(place() .. 'context deadline exceeded', 0)
end

local function joins(value)
  local own = getmetatable(value)
  return type(own) == 'table' and own.__concat ~= nil
end

-- 'left .. right' comes as 'left .. joined .. right', and the right side goes first.
local Right = { __metatable = false }
local function join(left, right)
  left, right = asText(left), asText(right)
  local wrong = type(left) == 'string' and type(right) or type(left)
  if wrong == 'string' or joins(left) or joins(right) then return left .. right end
  error(place() .. 'attempt to concatenate a ' .. wrong .. ' value', 0)
end
Right.__concat = function(left, right) return join(left, right.value) end
local joined = setmetatable({}, {
  __metatable = false,
  __concat = function(_, right) return setmetatable({ value = right }, Right) end,
})

-- In one order, so that what a script makes of a table is the same each time.
local RANKS = { number = 1, string = 2 }
local function before(left, right)
  local leftRank, rightRank = RANKS[type(left)] or 3, RANKS[type(right)] or 3
  if leftRank ~= rightRank then return leftRank < rightRank end
  return leftRank < 3 and left < right
end

local function members(list)
  local keys, count, at, kinds = {}, 0, 0, {}
  for key in next, list do
    count = count + 1
    keys[count] = key
    kinds[type(key)] = true
  end
  local kind = next(kinds)
  if RANKS[kind] and not next(kinds, kind) then sort(keys) else sort(keys, before) end
  return function()
    while at < count do
      at = at + 1
      local value = rawget(list, keys[at])
      if value ~= nil then return keys[at], value end
    end
  end, list
end

local function checked(list, name)
  if type(list) == 'table' then return list end
  error(place() .. 'bad argument #1 to ' .. name .. ' (table expected, got ' .. type(list) .. ')', 0)
end

local modules, loaders = { _G = G, table = table }, {}
local osLibrary = { date = date, time = time }
if open then
  osLibrary.clock, osLibrary.difftime = clock, difftime
  modules.coroutine, modules.math, modules.os, modules.string = coroutine, math, osLibrary, string
else
  loaders.os = function() return osLibrary end
  withMetatable('', nil)
end

local function require(name)
  if modules[name] == nil then
    local loader = loaders[name]
    if loader == nil then error('module ' .. asText(name) .. ' not found', 2) end
    local value = loader(name)
    modules[name] = value == nil and true or value
  end
  return modules[name]
end

for name in next, G do
  if name == 'string' or name == 'math' or name == 'coroutine' then G[name] = open and G[name] or nil
  elseif name == 'io' or name == 'debug' or name == 'utf8' or name == 'warn' or name == 'dofile' or name == 'loadfile' then G[name] = nil
  end
end
G._VERSION = 'Lua 5.1'
G.collectgarbage = function() return 0 end
-- Text alone: the checks that keep bytecode from reaching out of its stack are none.
G.load = function(chunk, name) return load(chunk, name, 't') end
G.loadstring = G.load
G.os = open and osLibrary or nil
G.package = { loaded = modules, preload = loaders, path = '', cpath = '' }
G.ipairs = function(list) return ipairs(checked(list, 'ipairs')) end
G.pairs = function(list) return members(checked(list, 'pairs')) end
G.print = function() end
G.require = require
G.tostring = function(...)
  if select('#', ...) > 0 and type((...)) == 'number' then return number((...)) end
  return tostring(...)
end
G.unpack = unpack

table.getn = function(list) return #list end
table.maxn = function(list)
  local most = 0
  for key in next, list do if type(key) == 'number' and key > most then most = key end end
  return most
end
table.concat = function(list, ...)
  local texts = setmetatable({}, { __index = function(_, key) return asText(list[key]) end, __len = function() return #list end })
  return concat(type(list) == 'table' and texts or list, ...)
end

string.dump = nil
string.gfind = string.gmatch
string.format = function(pattern, ...)
  local values, at = { ... }, 0
  for kind in gmatch(pattern, '%%[-+ #0]*%d*%.?%d*(.)') do
    if kind ~= '%' then
      at = at + 1
      local value = values[at]
      if math_type(value) == 'float' then
        if kind == 's' then values[at] = number(value)
        elseif find(kind, '[cdioxX]') and value > -2^63 and value < 2^63 then values[at] = value < 0 and ceil(value) or floor(value)
        end
      end
    end
  end
  return format(pattern, unpack(values, 1, select('#', ...)))
end

math.atan2 = math.atan
math.cosh = function(x) return (exp(x) + exp(-x)) / 2 end
math.frexp = function(x)
  if x == 0 or x ~= x or x == huge or x == -huge then return x, 0 end
  local power = floor(log(x < 0 and -x or x, 2)) + 1
  return x / 2 ^ power, power
end
math.ldexp = function(x, power) return x * 2 ^ power end
math.log10 = function(x) return log(x, 10) end
math.mod = math.fmod
math.pow = function(x, power) return x ^ power end
math.sinh = function(x) return (exp(x) - exp(-x)) / 2 end
math.tanh = function(x)
  local up, down = exp(x), exp(-x)
  return up == huge and 1 or down == huge and -1 or (up - down) / (up + down)
end

-- The rules of the JSON encoder that Argo CD uses; each level that an error passes names itself.
local LEVEL = 'json: error calling MarshalJSON for type json.jsonValue: '
local faultIn

local function faultAmong(value, seen)
  if seen[value] then return 'cannot encode recursively nested tables to JSON' end
  seen[value] = true
  local count, numbers, texts = 0, 0, 0
  for key in next, value do
    count = count + 1
    if type(key) == 'number' then numbers = numbers + 1 elseif type(key) == 'string' then texts = texts + 1 end
  end
  if numbers ~= count and texts ~= count then return 'cannot encode mixed or invalid key types' end
  for index = 1, numbers do if rawget(value, index) == nil then return 'cannot encode sparse array' end end
  for _, member in members(value) do
    local fault = faultIn(member, seen)
    if fault then return fault end
  end
end

function faultIn(value, seen)
  local kind, fault = type(value), nil
  if kind == 'number' then fault = (value ~= value or value == huge or value == -huge) and 'json: unsupported value: ' .. number(value)
  elseif kind == 'table' then fault = faultAmong(value, seen)
  elseif kind ~= 'boolean' and kind ~= 'string' and kind ~= 'nil' then fault = 'cannot encode ' .. kind .. ' to JSON'
  end
  return fault and LEVEL .. fault
end

local function judged(result)
  if result == nil then return 'none' end
  if type(result) ~= 'table' then return 'fault', 'expect table output from Lua script, not ' .. type(result) end
  local fault = faultIn(result, {})
  if fault then return 'fault', fault end
  if next(result) == nil or rawget(result, 1) ~= nil then return 'none' end
  local said = { status = '', message = '' }
  for key, value in members(result) do
    local name = lower(key)
    if said[name] then
      if type(value) ~= 'string' then return 'none' end
      said[name] = value
    end
  end
  return 'health', said.status, said.message
end

local function last(...)
  if select('#', ...) > 0 then return (select(-1, ...)) end
end

G.obj, G.actionParams = object, {}
local script, wrong = load(source, '=<string>', 't')
if not script then return 'fault', wrong end
sethook(watch, '', 10000)
local ended, verdict, first, second = xpcall(function() return judged(last(script(joined))) end, explained)
sethook()
if not ended then return 'fault', verdict end
return verdict, first, second
`;

/** Tokens in which `..` is no operator, and the operator itself. */
const TOKEN =
  /--\[(=*)\[[\s\S]*?(?:\]\1\]|$)|--[^\n]*|\[(=*)\[[\s\S]*?(?:\]\2\]|$)|"(?:\\[\s\S]|[^"\\\n])*"|'(?:\\[\s\S]|[^'\\\n])*'|\.?\d(?:[eEpP][+-]|[\w.])*|[A-Za-z_]\w*|\.\.\.?/g;

/** The text of a script, each of its lines where it was, so that the numbers which it joins are printed as Lua 5.1 prints them. */
export function joinedAsIn51(script: string): string {
  return `local ${JOINED} = ...; ${script.replace(TOKEN, (token) => (token === '..' ? `..${JOINED}..` : token))}`;
}
