"""Webhooks and the outbox of deliveries."""
