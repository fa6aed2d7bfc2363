"""Archives: each member is a source of its own, read through the chain of recognisers; nothing is ever written under a
member's name.
"""
