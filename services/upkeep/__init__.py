"""Verify, rebuild and compact."""
