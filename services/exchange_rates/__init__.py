"""Fetching the exchange rates that facts need."""
