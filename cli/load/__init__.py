"""`tenderlake load` and `seed`: the client of a running server."""
