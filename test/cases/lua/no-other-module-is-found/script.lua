local io = require "io"
return { status = "Healthy", message = io.read() }
