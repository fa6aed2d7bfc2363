"""Tests of domain/reference_data."""
