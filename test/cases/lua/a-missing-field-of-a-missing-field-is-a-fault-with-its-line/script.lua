local hs = {}

if obj.status.phase == "Running" then
  hs.status = obj.status.missing.health
end
return hs
