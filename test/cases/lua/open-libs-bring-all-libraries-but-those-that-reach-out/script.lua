local found, missing = {}, {}
for _, name in ipairs({ "io", "debug", "dofile", "loadfile" }) do if _G[name] ~= nil or package.loaded[name] ~= nil then found[#found + 1] = name end end
for _, name in ipairs({ "execute", "getenv", "remove", "rename", "tmpname", "exit", "setlocale" }) do if os[name] ~= nil then found[#found + 1] = "os." .. name end end
if package.loadlib or package.searchers or package.searchpath then found[#found + 1] = "package" end
for _, name in ipairs({ "string", "math", "coroutine", "os" }) do if type(_G[name]) ~= "table" then missing[#missing + 1] = name end end
return { status = "Healthy", message = "found: " .. table.concat(found, " ") .. "; missing: " .. table.concat(missing, " ") }
