"""Users of the API."""
