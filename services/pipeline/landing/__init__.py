"""Land: slices of uploaded files become committed batches in bronze."""
