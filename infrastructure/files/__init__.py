"""Raw files by the hash of their content."""
