"""Tests of infrastructure/exchange_rates."""
