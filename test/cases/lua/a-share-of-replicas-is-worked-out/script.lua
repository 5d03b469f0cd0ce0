local ready = obj.status.ready or 0
local share = 100 * ready / obj.spec.replicas
if share < 50 then return { status = "Degraded", message = share .. "% ready" } end
return { status = share == 100 and "Healthy" or "Progressing", message = ready .. "/" .. obj.spec.replicas .. " (" .. share .. "%)" }
