return { status = "Healthy", [true] = "x" }
