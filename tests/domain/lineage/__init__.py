"""Tests of domain/lineage."""
