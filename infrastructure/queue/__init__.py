"""The queue: a bundled redis-server, and dramatiq's broker over it."""
