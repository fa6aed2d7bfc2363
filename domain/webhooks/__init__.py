"""Webhooks, deliveries, signatures, and the addresses that may be called."""
