"""The embedded search engine: tantivy, in a folder."""
