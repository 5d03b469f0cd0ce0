local chunk, why = load(string.char(27) .. "Lua", "x", "b")
local other, whyToo = loadstring(string.char(27) .. "Lua")
return { status = (chunk or other or string.dump) and "Degraded" or "Healthy", message = why .. "; " .. whyToo }
