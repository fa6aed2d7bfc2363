"""`tenderlake up`: the launcher and its child processes."""
