return { status = "healthy" }
