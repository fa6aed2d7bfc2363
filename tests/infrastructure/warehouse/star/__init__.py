"""Tests of infrastructure/warehouse/star."""
