return { status = next(actionParams) == nil and "Healthy" or "Degraded", message = type(actionParams) }
