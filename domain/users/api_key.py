"""API keys: credentials for machines, with a role, an expiry and an owner."""

import hashlib
from datetime import datetime

from pydantic import BaseModel

from domain.users.user import Role

PREFIX = "tl_"
HINT_CHARACTERS = 8  # of a key, shown in lists so that its holder recognises it
NAME_MAX_CHARACTERS = 100
DEFAULT_DAYS = 90
MAX_DAYS = 3_650


class ApiKey(BaseModel):
    """An API key as it is stored: `key_hash` is SHA-256, which is enough for 256 random bits.

    It acts for its owner: with the lower one of its role and the owner's, and no longer than the owner exists.
    """

    id: str
    name: str
    role: Role
    owner: str
    hint: str
    key_hash: str
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None

    def valid_at(self, moment: datetime) -> bool:
        """Whether the key is accepted at that moment."""
        return self.revoked_at is None and moment < self.expires_at


def hash_key(key: str) -> str:
    """The SHA-256 of a key in hexadecimal digits."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
