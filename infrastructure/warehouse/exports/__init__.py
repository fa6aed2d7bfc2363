"""Exports that run as jobs: table and repository."""
