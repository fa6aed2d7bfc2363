"""Uploaded files and bundled seeds become jobs."""
