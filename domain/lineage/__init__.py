"""Lineage: where the rows of gold come from."""
