return { status = "Healthy", message = obj.data["odd key.\n"] }
