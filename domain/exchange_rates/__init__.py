"""Exchange rates, and the conversion of amounts to the base currency."""
