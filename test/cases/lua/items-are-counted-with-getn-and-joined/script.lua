local pending = {}
for _, condition in ipairs(obj.status.conditions) do
  if condition.status ~= "True" then table.insert(pending, condition.type .. " (" .. condition.reason .. ")") end
end
if table.getn(pending) == 0 then return { status = "Healthy" } end
return { status = "Progressing", message = table.getn(pending) .. " of " .. table.getn(obj.status.conditions) .. ": " .. table.concat(pending, ", ") }
