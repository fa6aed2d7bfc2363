"""The row of the installation."""
