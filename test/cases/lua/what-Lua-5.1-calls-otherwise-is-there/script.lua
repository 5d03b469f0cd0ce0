local t = { 1, 2, 3 }
local rest = { unpack(t) }
local words = {}
for word in string.gfind("one two", "%a+") do words[#words + 1] = word end
local answer = loadstring("return 6 * 7")()
local parts = { table.getn(t), table.maxn({ [7] = true }), #rest, math.pow(2, 3), math.mod(7, 4), math.log10(1000), math.ldexp(1, 4), words[2], answer, _VERSION }
return { status = "Healthy", message = table.concat(parts, " ") }
