"""Events of the security log: logins, failures, and changes of credentials, counted by hour."""

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel


class SecurityAction(StrEnum):
    """What happened."""

    TOKEN_ISSUED = "token_issued"  # noqa: S105
    TOKEN_REVOKED = "token_revoked"  # noqa: S105
    LOGIN_FAILED = "login_failed"
    LOGIN_SUCCEEDED = "login_succeeded"
    USER_ADDED = "user_added"
    USER_CHANGED = "user_changed"
    USER_REMOVED = "user_removed"
    API_KEY_CREATED = "api_key_created"
    API_KEY_REVOKED = "api_key_revoked"


class SecurityEvent(BaseModel):
    """Equal events of one hour: `count` of them, from `first_at` to `last_at`.

    `actor` is a user, or `cli:` and the account of the operating system for commands on the server; it is empty for
    names that no user has. `subject` is the id of an API key, the name of a changed user, or empty.
    """

    id: int
    hour: datetime
    action: SecurityAction
    actor: str
    address: str
    subject: str
    count: int
    first_at: datetime
    last_at: datetime
