return { "Healthy", "of no use" }
