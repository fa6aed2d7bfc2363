"""Exchange rates: the service over HTTP, the conversion, and both in the lake."""
