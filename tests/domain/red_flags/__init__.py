"""Tests of domain/red_flags."""
