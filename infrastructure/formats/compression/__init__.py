"""Files packed with gzip, bzip2 or xz."""
