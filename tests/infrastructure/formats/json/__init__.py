"""Tests of infrastructure/formats/json."""
