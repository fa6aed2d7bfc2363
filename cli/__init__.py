"""The command line: tenderlake."""
