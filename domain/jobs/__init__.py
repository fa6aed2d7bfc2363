"""Jobs and their stages."""
