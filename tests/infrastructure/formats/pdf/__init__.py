"""Tests of infrastructure/formats/pdf."""
