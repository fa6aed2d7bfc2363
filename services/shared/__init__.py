"""The clock and pagination cursors, used by every service."""
