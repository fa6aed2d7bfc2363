"""Events of the security log: logins, failures, and changes of credentials, counted by hour."""

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel


class SecurityAction(StrEnum):
    """What happened."""

    TOKEN_ISSUED = "token_issued"  # noqa: S105
    TOKEN_REVOKED = "token_revoked"  # noqa: S105
    LOGIN_FAILED = "login_failed"
    API_KEY_CREATED = "api_key_created"
    API_KEY_REVOKED = "api_key_revoked"


class SecurityEvent(BaseModel):
    """Equal events of one hour: `count` of them, from `first_at` to `last_at`.

    `actor` is empty for names that no user has, `subject` is an API key's id or empty.
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
