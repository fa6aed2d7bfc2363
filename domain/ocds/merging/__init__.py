"""Merging releases into compiled releases."""
