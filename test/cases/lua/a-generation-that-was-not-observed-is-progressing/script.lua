local seen = obj.status and tonumber(obj.status.observedGeneration) or 0
if seen < obj.metadata.generation then
  return { status = "Progressing", message = "generation " .. obj.metadata.generation .. ", observed " .. seen }
end
return { status = "Healthy" }
