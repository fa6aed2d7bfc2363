"""Passwords, tokens, secrets in files, and encryption of secrets that the database keeps."""

from datetime import datetime, timedelta
from typing import NamedTuple, Protocol


class PasswordHasher(Protocol):
    """Slow, salted hashes of passwords."""

    def hash(self, password: bytes, /) -> str: ...
    def verify(self, password: bytes, hashed: str, /) -> bool: ...


class TokenClaims(NamedTuple):
    """What a token says: its user, and the fingerprint of the password hash that the user had at its issue.

    `expires` is a Unix timestamp.
    """

    user: str
    password_fingerprint: str
    token_id: str
    expires: int


class TokenSigner(Protocol):
    """Signs tokens with a key of the installation."""

    def sign(self, user: str, password_fingerprint: str, issued_at: datetime, lifetime: timedelta) -> str: ...
    def verify(self, token: str) -> TokenClaims:
        """The claims of a valid token. UnauthorizedError where it is expired, unreadable or signed by another key."""

    def fingerprint(self, text: str) -> str:
        """A keyed hash of the text."""


class SecretFiles(Protocol):
    """Small files in the data folder that only its owner can read, by file name."""

    def read(self, name: str) -> bytes | None: ...
    def write(self, name: str, value: bytes) -> None: ...
    def remove(self, name: str) -> None: ...


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
