"""Embed: vectors of the search documents."""
