local found = {}
for _, name in ipairs({ "assert", "error", "ipairs", "next", "pairs", "pcall", "rawget", "select", "tonumber", "tostring", "type", "unpack", "xpcall", "require", "table", "loadstring" }) do
  if _G[name] == nil then found[#found + 1] = name end
end
return { status = "Healthy", message = "missing: " .. table.concat(found, " ") }
