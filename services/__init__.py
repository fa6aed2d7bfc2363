"""Use cases: what the product does, said in ports and entities."""
