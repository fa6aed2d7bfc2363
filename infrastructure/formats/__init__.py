"""From uploaded files to elements: recognisers in a chain, and readers that go on from a position."""
