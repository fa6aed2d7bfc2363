"""From stored files to elements: a chain of recognisers, and readers that resume at a position."""
