"""HTTP: routers, authentication, and the one table from errors to statuses.

Endpoints parse, call one service and return.
"""
