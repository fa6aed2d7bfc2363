"""Queries and changes of raw records, single or in batches."""
