"""Reading and changing raw records one by one or many at once."""
