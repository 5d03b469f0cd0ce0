return { status = "Healthy", Status = "Degraded" }
