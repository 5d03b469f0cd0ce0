return { status = "Healthy", message = tostring(obj.spec.nothing + 1) }
