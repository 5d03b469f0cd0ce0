return { status = "Healthy", load = 1 / 0 }
