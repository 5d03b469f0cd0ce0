return { status = "Healthy", message = obj.spec.size }
