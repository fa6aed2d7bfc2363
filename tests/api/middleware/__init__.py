"""Tests of api/middleware."""
