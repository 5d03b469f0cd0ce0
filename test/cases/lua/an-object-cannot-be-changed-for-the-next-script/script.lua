obj.status = { phase = "Stopped" }
obj = nil
return { status = "Healthy" }
