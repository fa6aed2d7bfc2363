"""The tables of the warehouse as they are."""
