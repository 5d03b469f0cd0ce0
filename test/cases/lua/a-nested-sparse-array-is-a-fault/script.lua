return { status = "Healthy", more = { [2] = "x" } }
