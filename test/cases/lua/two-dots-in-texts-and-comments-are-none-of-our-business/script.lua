-- a .. b and ... stay
--[[ so do
  .. these ]] local a, b = "..", [==[..]]..]==]
local function count(...) return select("#", ...) end
return { status = "Healthy", message = a.. b ..'..'..count(1, ... ) .. 1 ..2 }
