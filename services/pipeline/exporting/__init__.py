"""Export: files of the star that are too large for an answer."""
