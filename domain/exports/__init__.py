"""Exports that run as jobs. Pure."""
