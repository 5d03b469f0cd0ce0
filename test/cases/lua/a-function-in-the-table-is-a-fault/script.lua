return { status = "Healthy", message = tostring }
