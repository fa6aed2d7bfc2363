"""Tests of domain/exchange_rates."""
