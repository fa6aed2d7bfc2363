"""Search: queries, results, search documents, the text that is embedded."""
