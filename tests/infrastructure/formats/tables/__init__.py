"""Tests of infrastructure/formats/tables."""
