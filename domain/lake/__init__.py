"""The schemas of bronze and silver."""
