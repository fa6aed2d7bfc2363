"""OCDS JSON and JSON Lines."""
