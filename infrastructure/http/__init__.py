"""Requests to addresses that callers named."""
