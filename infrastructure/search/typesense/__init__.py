"""The `SearchEngine` port on a Typesense server, 29 or 30."""
