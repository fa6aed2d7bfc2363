"""What every search engine shares: how text becomes words, how a query is read, what is highlighted. No engine owns it."""
