"""Tests of services/pipeline/erasing."""
