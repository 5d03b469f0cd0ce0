return { status = "Healthy" }, nil
