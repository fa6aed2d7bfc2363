"""Tests of domain/star."""
