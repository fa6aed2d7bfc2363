"""Webhook subscriptions and their events."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel

Event = Literal["job.finished", "job.failed", "job.cancelled"]


class Webhook(BaseModel):
    """A subscription to events of all users. `secret` is encrypted."""

    id: str
    url: str
    secret: str
    events: list[str]
    active: bool = True
    description: str = ""
    created_at: datetime
