"""Hostile uploads at full size, to a real installation."""
