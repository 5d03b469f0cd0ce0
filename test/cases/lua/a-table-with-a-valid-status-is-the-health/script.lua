return { status = "Suspended", message = "as " .. obj.metadata.name .. " says" }
