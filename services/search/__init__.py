"""Searching, synonyms, search documents, and rebuilding the search index."""
