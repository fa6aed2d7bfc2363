"""The keys in Redis. Imports nothing, for the launcher."""

OWNER = "tenderlake:installation"  # id of the installation whose messages the queue holds
HELD = "tenderlake:queue:held"  # hash: worker → the encoded message that it handles
LEASES = "tenderlake:queue:leases"  # sorted set: worker → time at which its lease on that message expires
WORKERS = "tenderlake:workers"  # sorted set: worker without a number → time until which it counts as live


def waiting(actor: str) -> str:
    """Key of an actor's waiting messages, a sorted set: encoded message → time from which it may be handled."""
    return f"tenderlake:queue:waiting:{actor}"
