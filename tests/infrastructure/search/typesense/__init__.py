"""Tests of the Typesense adapter, with a stand-in server checked against the official API description, or a real
one.
"""
