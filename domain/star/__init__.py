"""The star: facts, dimensions, totals, and queries over them."""
