return { status = true, message = "x" }
