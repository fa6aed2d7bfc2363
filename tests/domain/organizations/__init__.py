"""Tests of domain/organizations."""
