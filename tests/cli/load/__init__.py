"""Tests of cli/load."""
