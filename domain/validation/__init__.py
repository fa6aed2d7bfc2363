"""Validation of one element of an upload, by its kind of record."""
