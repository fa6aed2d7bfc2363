"""Reference records: organisations, exchange rates and classifications."""
