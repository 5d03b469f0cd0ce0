return { status = "Healthy", details = { 1, 2, { a = true } }, since = 12.5 }
