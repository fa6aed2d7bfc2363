"""Tests of the generated seeds."""
