"""Webhook deliveries: states, retry delays and signatures."""

from base64 import b64decode
from datetime import datetime, timedelta
from typing import Any, Literal

from pydantic import BaseModel, Field
from standardwebhooks import Webhook as Signer

DeliveryStatus = Literal["pending", "delivered", "failed", "cancelled"]
SECRET_PREFIX = "whsec_"  # noqa: S105  a prefix, no secret
SECRET_MIN_BYTES = 16
# Delays before the second, third … attempt; after the last attempt a delivery has failed.
RETRY_DELAYS = tuple(timedelta(seconds=seconds) for seconds in (5, 30, 120, 600, 1_800, 7_200, 21_600, 43_200))


class Delivery(BaseModel):
    """One message to one URL. `ref` is its subject (a job's id), `next_at` its next attempt; `secret` is encrypted."""

    id: int = 0
    webhook_id: str | None = Field(None, description="the webhook that subscribes to the event, if any")
    ref: str = Field(description="the subject: a job's id")
    event: str
    url: str
    secret: str
    payload: dict[str, Any]
    status: DeliveryStatus = "pending"
    attempts: int = 0
    next_at: datetime | None = None
    last_status: int | None = Field(None, description="HTTP status of the last answer")
    last_error: str | None = Field(None, description="why the last attempt failed")
    created_at: datetime
    delivered_at: datetime | None = None


class DeliveryResult(BaseModel):
    """The result of an attempt; `final` if a retry can't help."""

    status: int | None = None
    error: str | None = None
    final: bool = False


def signed(secret: str, message_id: str, timestamp: datetime, body: bytes) -> dict[str, str]:
    """The headers `webhook-id`, `webhook-timestamp` and `webhook-signature` of the Standard Webhooks specification.

    The signature is HMAC-SHA256 over `id.timestamp.body`, timestamp in Unix seconds. `timestamp` has a time zone.
    """
    signature = Signer(_key(secret)).sign(message_id, timestamp, body.decode())
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(timestamp.timestamp())),
        "webhook-signature": signature,
    }


def _key(secret: str) -> bytes:
    """The signing key: the base64 bytes after `whsec_`, as the specification encodes secrets; else the UTF-8 bytes of
    the text.
    """
    encoded = secret.removeprefix(SECRET_PREFIX)
    if encoded != secret:
        try:
            key = b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
        except ValueError:
            return secret.encode()
        if len(key) >= SECRET_MIN_BYTES:
            return key
    return secret.encode()


def after_attempt(delivery: Delivery, answered: DeliveryResult, now: datetime) -> Delivery:
    """The delivery after an attempt: delivered, scheduled for a retry, or failed."""
    attempt = {
        "attempts": delivery.attempts + 1,
        "last_status": answered.status,
        "last_error": answered.error,
        "next_at": None,
    }
    if answered.error is None:
        return delivery.model_copy(update=attempt | {"status": "delivered", "delivered_at": now})
    if answered.final or delivery.attempts >= len(RETRY_DELAYS):
        return delivery.model_copy(update=attempt | {"status": "failed"})
    return delivery.model_copy(update=attempt | {"next_at": now + RETRY_DELAYS[delivery.attempts]})
