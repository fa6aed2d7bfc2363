"""The marts stage: refreshes the marts that the database keeps as materialised views."""
