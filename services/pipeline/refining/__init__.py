"""Refine: bronze releases are compiled and flattened into silver."""
