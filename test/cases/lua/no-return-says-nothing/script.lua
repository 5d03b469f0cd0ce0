local phase = obj.status.phase
