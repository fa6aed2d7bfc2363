"""Tests of domain/quality."""
