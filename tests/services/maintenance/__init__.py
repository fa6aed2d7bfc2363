"""Tests of services/maintenance."""
