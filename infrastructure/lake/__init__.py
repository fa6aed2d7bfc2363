"""The lake: Delta tables of bronze and silver."""
