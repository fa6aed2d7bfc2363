"""A small Typesense server in memory: the paths that the adapter uses, answered as the real one answers them."""
