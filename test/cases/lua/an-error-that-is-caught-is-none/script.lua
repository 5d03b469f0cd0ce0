local ok, why = pcall(function() return obj.a.b end)
return { status = "Unknown", message = tostring(ok) .. ": " .. why }
