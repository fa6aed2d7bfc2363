"""Tests of services/search."""
