"""Reading requests: bodies, multipart forms, uploaded files, query parameters."""
