"""Data quality: coverage of fields, consistency checks, and their totals by source."""
