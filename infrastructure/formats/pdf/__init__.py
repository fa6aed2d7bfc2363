"""PDF files as sources of document records."""
