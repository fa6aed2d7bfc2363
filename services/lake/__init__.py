"""Reads the current silver rows of committed silver batches."""
