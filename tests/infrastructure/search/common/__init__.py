"""Tests of infrastructure/search/common."""
