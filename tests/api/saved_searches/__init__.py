"""Tests of api/saved_searches."""
