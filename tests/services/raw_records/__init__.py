"""Raw records over HTTP and through the real stages."""
