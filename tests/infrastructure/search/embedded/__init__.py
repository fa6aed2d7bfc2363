"""Tests of infrastructure/search/embedded."""
