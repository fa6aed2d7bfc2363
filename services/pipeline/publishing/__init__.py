"""Publish: silver rows become facts and dimensions of the star."""
