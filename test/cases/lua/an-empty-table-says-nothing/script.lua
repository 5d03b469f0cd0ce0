local hs = {}
if obj.status.phase == "Stopped" then hs.status = "Healthy" end
return hs
