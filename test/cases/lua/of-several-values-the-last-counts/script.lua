return { status = "Healthy" }, 1, { status = "Degraded", message = "last" }
