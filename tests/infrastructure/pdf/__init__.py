"""Reading PDFs in child processes."""
