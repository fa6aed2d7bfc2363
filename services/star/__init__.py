"""Reading the star: facts, dimensions and contracting processes."""
