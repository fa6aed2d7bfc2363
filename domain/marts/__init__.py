"""Data marts: results for specific questions, kept up to date by the differences that changes make. Pure."""
