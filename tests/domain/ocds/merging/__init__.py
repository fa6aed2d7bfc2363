"""Tests of domain/ocds/merging."""
