"""Saved searches and their matches."""
