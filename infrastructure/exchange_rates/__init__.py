"""Exchange rates from a public HTTP API: the client, the circuit that spares a service in trouble, and the reading of its answers."""
