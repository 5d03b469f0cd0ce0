for _, condition in ipairs(obj.status.conditions) do
  if condition.type ~= "Ready" then goto continue end
  if condition.status == "False" then return { status = "Progressing", message = condition.message } end
  ::continue::
end
return { status = "Healthy" }
