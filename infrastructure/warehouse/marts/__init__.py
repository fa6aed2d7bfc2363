"""The tables of the data marts: queries and writes."""
