"""Tests of infrastructure/openlineage."""
