"""How the records that are no releases reach the star: one module a kind, each a function over the newest silver rows of its table."""
