"""Organisations as users see them, and decisions of admins on their identity."""
