for i, item in ipairs(obj.status.missing) do end
