return { "a", nil, "c" }
