local parts = { 3.0, 10 / 4, 10 / 5, 2 ^ 10, obj.spec.size, obj.spec.size / 1, obj.spec.ratio, obj.spec.big, 1e100, 0.1, -0.5 }
return { status = "Healthy", message = table.concat(parts, " ") .. " " .. obj.spec.size / 3 * 3 .. " " .. tostring(7 / 7) .. (1 / 4) }
