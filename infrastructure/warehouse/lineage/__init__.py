"""Queries of lineage."""
