"""Verify, rebuild, readiness, and the identity of the installation."""
