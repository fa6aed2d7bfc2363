"""Erasure of purged records from the warehouse."""
