return { status = "Healthy", "stray" }
