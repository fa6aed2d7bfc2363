"""Tests of services/pipeline/matching."""
