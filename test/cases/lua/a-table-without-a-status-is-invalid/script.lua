return { message = "no status" }
