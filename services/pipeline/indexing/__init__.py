"""Index: search documents are built from gold and written to the search engine."""
