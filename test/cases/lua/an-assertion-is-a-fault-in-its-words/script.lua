assert(obj.status.ready, "no ready field")
