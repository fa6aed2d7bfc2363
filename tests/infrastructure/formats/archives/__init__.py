"""Tests of infrastructure/formats/archives."""
