"""`tenderlake watch`: the drop folder."""
