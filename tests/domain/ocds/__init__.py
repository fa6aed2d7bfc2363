"""Tests of domain/ocds."""
