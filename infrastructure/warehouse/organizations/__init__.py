"""Matching of organisations: profiles, blocks, scored pairs, decisions."""
