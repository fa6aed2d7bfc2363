"""Tests of domain/lake."""
