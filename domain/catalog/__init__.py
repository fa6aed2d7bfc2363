"""The data catalogue: descriptions of tables."""
