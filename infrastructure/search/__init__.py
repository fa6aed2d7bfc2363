"""Adapters of the port `SearchEngine`: embedded and Typesense, and their common parts."""
