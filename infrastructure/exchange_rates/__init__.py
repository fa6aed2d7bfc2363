"""Exchange rates from a public HTTP API: the client and the check of responses."""
