local hs = { status = "Healthy" }
hs.self = hs
return hs
