"""Tests of services/pipeline/indexing."""
