return { Status = "Healthy", MESSAGE = "read" }
