local image = obj.spec.template.spec.containers[1].image
local repository, tag = image:match("^(.-):([%w%.%-]+)$")
if tag == nil or tag == "latest" then return { status = "Degraded", message = image .. " is not pinned" } end
local major, minor = string.match(tag, "^v?(%d+)%.(%d+)")
return { status = tonumber(major) >= 2 and "Healthy" or "Progressing", message = repository:gsub("^.*/", "") .. " " .. major .. "." .. minor }
