"""Tests of infrastructure/queue."""
