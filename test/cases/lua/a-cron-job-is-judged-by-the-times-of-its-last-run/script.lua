local status = obj.status
if obj.spec.suspend then return { status = "Suspended" } end
if status == nil or status.lastScheduleTime == nil then return { status = "Healthy", message = "not scheduled yet" } end
if status.lastSuccessfulTime == nil then return { status = "Progressing", message = "never succeeded" } end
if status.lastSuccessfulTime < status.lastScheduleTime then
  return { status = "Degraded", message = "last success " .. status.lastSuccessfulTime .. ", last start " .. status.lastScheduleTime }
end
return { status = "Healthy" }
