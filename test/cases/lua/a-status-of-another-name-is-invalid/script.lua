return { status = "Fine", message = "lost" }
