"""Erase: purged records are removed from every store."""
