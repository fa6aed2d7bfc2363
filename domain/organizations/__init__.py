"""Organisations: which ids mean the same one. Pairs are compared, scored and joined to identities."""
