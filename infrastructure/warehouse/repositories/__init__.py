"""Repositories: each takes the transaction once, speaks in entities, and answers None for a miss."""
