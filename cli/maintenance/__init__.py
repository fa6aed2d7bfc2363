"""`tenderlake verify`, `rebuild` and `doctor`."""
