"""Workers: the dramatiq side of the product."""
