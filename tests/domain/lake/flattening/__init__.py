"""Tests of domain/lake/flattening."""
