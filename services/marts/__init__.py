"""Data marts: their changes, and bringing them up to date."""
