"""Entities and pure rules of public procurement: no I/O, no SQL, no web."""
