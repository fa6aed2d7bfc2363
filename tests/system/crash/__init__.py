"""Crash tests: kill -9 at random moments loses nothing."""
