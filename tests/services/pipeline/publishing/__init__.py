"""Tests of services/pipeline/publishing."""
