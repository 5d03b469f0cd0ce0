local name = setmetatable({}, { __concat = function(left, right) return "<" .. tostring(type(left)) .. ">" end })
return { status = "Healthy", message = "a" .. name }
