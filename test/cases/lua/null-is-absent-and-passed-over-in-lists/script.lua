local names = {}
for name in pairs(obj.spec) do names[#names + 1] = name end
return { status = "Healthy", message = table.concat(names, " ") .. "; " .. #obj.spec.list .. obj.spec.list[2] .. "; " .. #obj.spec.empty }
