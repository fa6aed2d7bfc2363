"""Adapters that implement the ports of `services/ports`: warehouse, lake, queue, search, file formats and others."""
