"""Reading data quality."""
