"""Tests of cli/maintenance."""
