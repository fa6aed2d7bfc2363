"""Users of the API and their roles."""

import re
from datetime import datetime
from enum import StrEnum
from unicodedata import normalize

from pydantic import BaseModel

PASSWORD_MAX_BYTES = 1_024
NAME = re.compile(r"[A-Za-z0-9._@-]{1,64}")


def valid_name(name: object) -> bool:
    """Whether the name is allowed for a user."""
    return isinstance(name, str) and NAME.fullmatch(name) is not None


def is_utf8(text: str) -> bool:
    """Whether a text is valid Unicode: command arguments in another encoding have lone surrogates."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


def password_bytes(text: str) -> bytes:
    """UTF-8 in composed form (NFC): keyboards and systems encode accents differently (RFC 8265, OpaqueString)."""
    return normalize("NFC", text).encode("utf-8", "surrogatepass")


class Role(StrEnum):
    """Roles in ascending order; each one includes those before it."""

    READER = "reader"
    WRITER = "writer"
    ADMIN = "admin"

    def reaches(self, needed: "Role") -> bool:
        """Whether this role includes `needed`."""
        order = list(Role)
        return order.index(self) >= order.index(needed)

    def at_most(self, limit: "Role") -> "Role":
        """The lower one of the two roles."""
        return limit if self.reaches(limit) else self


class User(BaseModel):
    """A user; `password_hash` is argon2id in PHC form."""

    name: str
    role: Role
    password_hash: str
    created_at: datetime
