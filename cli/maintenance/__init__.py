"""`tenderlake verify`, `rebuild`, `doctor`, `backup` and `restore`."""
