"""Files that clients export."""
