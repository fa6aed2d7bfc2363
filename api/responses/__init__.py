"""Responses that several routes share: accepted jobs, CSV, entity tags."""
