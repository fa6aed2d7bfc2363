"""What a purge blanks in many tables."""
