local found = {}
for _, name in ipairs({ "string", "math", "io", "os", "debug", "coroutine", "utf8", "dofile", "loadfile", "warn" }) do
  if _G[name] ~= nil or package.loaded[name] ~= nil then found[#found + 1] = name end
end
return { status = "Healthy", message = "found: " .. table.concat(found, " ") }
