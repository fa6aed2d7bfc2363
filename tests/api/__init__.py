"""The API over a real warehouse, lake and search engine in a temporary folder."""
