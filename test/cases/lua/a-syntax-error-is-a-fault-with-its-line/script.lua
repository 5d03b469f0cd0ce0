local hs = {}
if obj.status then
  hs.status = = "Healthy"
end
return hs
