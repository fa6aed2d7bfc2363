"""Character encodings, and UTF-8 copies of uploads."""
