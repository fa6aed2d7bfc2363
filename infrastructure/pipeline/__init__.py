"""Reading slices in background threads."""
