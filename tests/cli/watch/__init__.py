"""Tests of cli/watch."""
