"""The installation and the version of its rules."""
