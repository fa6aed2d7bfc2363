"""Batches of the log and the watermarks of stages."""
