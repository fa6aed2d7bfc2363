"""Who may call the API, and how far each role reaches."""

import re
from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel

NAME = re.compile(r"[A-Za-z0-9._@-]{1,64}")


def valid_name(name: object) -> bool:
    """Whether a user can have that name."""
    return isinstance(name, str) and NAME.fullmatch(name) is not None


def is_utf8(text: str) -> bool:
    """Whether a text can be written as UTF-8: the argument of a command in another encoding can't, for it holds lone surrogates."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


class Role(StrEnum):
    """Each role may do what those before it may."""

    READER = "reader"
    WRITER = "writer"
    ADMIN = "admin"

    def reaches(self, needed: "Role") -> bool:
        """Whether this role may do what `needed` may."""
        order = list(Role)
        return order.index(self) >= order.index(needed)


class User(BaseModel):
    """A caller; `password_hash` is argon2id in PHC form."""

    name: str
    role: Role
    password_hash: str
    created_at: datetime
