"""Compiled releases and other records to the flat tables of silver."""
