local seen = {}
for key, value in pairs({ zebra = 1, ant = 2, "first", "second", [10] = "tenth", bee = 3 }) do seen[#seen + 1] = tostring(key) .. "=" .. tostring(value) end
return { status = "Healthy", message = table.concat(seen, ",") }
