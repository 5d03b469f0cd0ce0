local os = require("os")
local names = {}
for name in pairs(os) do names[#names + 1] = name end
local day = os.date("!%Y-%m-%dT%H:%M:%SZ", 86400)
return { status = os.time() > 1700000000 and "Healthy" or "Degraded", message = table.concat(names, " ") .. " " .. day }
