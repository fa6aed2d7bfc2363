"""Adapters: warehouse, lake, queue, search and file formats behind the ports of `services/ports`."""
