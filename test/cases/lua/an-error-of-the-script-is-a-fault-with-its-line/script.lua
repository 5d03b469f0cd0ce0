error("cannot tell")
