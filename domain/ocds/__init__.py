"""OCDS releases: models, validation, repair."""
