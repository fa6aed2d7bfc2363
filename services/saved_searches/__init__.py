"""Saved searches and the alerts about their new matches."""
