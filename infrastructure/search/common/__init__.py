"""Shared by all search engines: text analysis, query parsing, highlighting."""
