"""Raw files by content hash, and the installation's secrets."""
