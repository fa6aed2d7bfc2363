"""Tests of services/pipeline/landing."""
