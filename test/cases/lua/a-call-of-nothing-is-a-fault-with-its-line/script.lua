local hs = {}
hs.status = obj.status.health()
return hs
