"""Encryption of secrets that the database keeps."""

from typing import Protocol


class SecretCipher(Protocol):
    """Secrets as the database keeps them, unreadable without a key that lies elsewhere."""

    def encrypt(self, text: str) -> str: ...
    def decrypt(self, sealed: str) -> str:
        """What was sealed. DamagedError where it can't be opened."""


class PlainTextCipher:
    """Where no secret is kept, as in scratch installations: texts stay as they are."""

    def encrypt(self, text: str) -> str:
        """The text."""
        return text

    def decrypt(self, sealed: str) -> str:
        """The text."""
        return sealed
