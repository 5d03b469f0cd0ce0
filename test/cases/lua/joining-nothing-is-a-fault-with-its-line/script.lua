local hs = { status = "Healthy" }
hs.message = "phase " .. obj.status.reason
return hs
