local hs = { status = "Progressing", message = "Waiting for certificate" }
if obj.status == nil or obj.status.conditions == nil then return hs end
for _, condition in ipairs(obj.status.conditions) do
  if condition.type == "Issuing" and condition.status == "True" then
    return { status = "Progressing", message = condition.message }
  end
end
for _, condition in ipairs(obj.status.conditions) do
  if condition.type == "Ready" and condition.status == "False" then
    hs.status, hs.message = "Degraded", condition.message
  elseif condition.type == "Ready" and condition.status == "True" then
    hs.status, hs.message = "Healthy", condition.message
  end
end
return hs
