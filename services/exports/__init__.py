"""Exports: files of rows and groups of the star, at once or as jobs."""
