local name = obj.metadata.name
return { status = name:match("o") and "Healthy" }
