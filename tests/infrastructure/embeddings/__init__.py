"""Embedding models: those in the package, an endpoint over a real server, and the stage that uses them."""
