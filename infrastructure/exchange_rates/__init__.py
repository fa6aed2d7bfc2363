"""Exchange rates from a public HTTP API: the client, its circuit breaker, and the check of responses."""
