"""Tests of domain/search."""
