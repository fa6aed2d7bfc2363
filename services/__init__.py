"""Use cases of the product, in terms of domain entities and ports."""
