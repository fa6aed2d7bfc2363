"""Search engines behind the port: the embedded one, and the pieces that engines share."""
