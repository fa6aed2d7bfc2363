"""Synonyms and the chosen embedding model."""
