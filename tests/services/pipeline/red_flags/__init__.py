"""Tests of services/pipeline/red_flags."""
