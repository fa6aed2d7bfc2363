"""Adds, changes and removes webhooks."""

import secrets
from base64 import b64encode
from collections.abc import Sequence
from typing import get_args

from pydantic import BaseModel

from domain.shared.errors import InvalidError, NotFoundError
from domain.webhooks.addresses import check_webhook_url
from domain.webhooks.deliveries import SECRET_PREFIX
from domain.webhooks.webhook import Event, Webhook
from services.ports.secrets import SecretCipher
from services.ports.warehouse import ReadUnitOfWork, Warehouse
from services.shared.clock import now

EVENTS: tuple[str, ...] = get_args(Event)
SECRET_BYTES = 32


class WebhookInput(BaseModel):
    """Properties of a webhook; `secret` None keeps the present one, or generates one."""

    url: str
    events: list[str]
    active: bool
    description: str
    secret: str | None = None


def new_secret() -> str:
    """A random secret in the format of the Standard Webhooks specification: `whsec_` and base64."""
    return f"{SECRET_PREFIX}{b64encode(secrets.token_bytes(SECRET_BYTES)).decode()}"


def list_webhooks(warehouse: Warehouse) -> Sequence[Webhook]:
    """All webhooks, oldest first."""
    with warehouse.read() as work:
        return work.webhooks.all()


def get_webhook(warehouse: Warehouse, webhook_id: str) -> Webhook:
    """The webhook. NotFoundError if the id is unknown."""
    with warehouse.read() as work:
        return _known(work, webhook_id)


def add_webhook(
    warehouse: Warehouse, cipher: SecretCipher, webhook_input: WebhookInput, *, private: bool
) -> tuple[Webhook, str]:
    """Add a webhook; returns it and its secret in clear text. InvalidError for a URL or event that is not allowed."""
    _check(webhook_input, private)
    secret = webhook_input.secret or new_secret()
    made = webhook_input.model_dump() | {
        "id": secrets.token_hex(8),
        "created_at": now(),
        "secret": cipher.encrypt(secret),
    }
    webhook = Webhook(**made)
    with warehouse.write() as work:
        work.webhooks.put(webhook)
        work.commit()
    return webhook, secret


def change_webhook(
    warehouse: Warehouse, cipher: SecretCipher, webhook_id: str, webhook_input: WebhookInput, *, private: bool
) -> Webhook:
    """Change a webhook and its pending deliveries. Errors as for `add_webhook`; NotFoundError if the id is unknown."""
    _check(webhook_input, private)
    with warehouse.write() as work:
        webhook = _known(work, webhook_id)
        secret = cipher.encrypt(webhook_input.secret) if webhook_input.secret else webhook.secret
        webhook = webhook.model_copy(update=webhook_input.model_dump(exclude={"secret"}) | {"secret": secret})
        work.webhooks.put(webhook)
        work.deliveries.update_receiver(webhook)
        work.commit()
    return webhook


def remove_webhook(warehouse: Warehouse, webhook_id: str) -> None:
    """Remove a webhook and cancel its pending deliveries. NotFoundError if the id is unknown."""
    with warehouse.write() as work:
        _known(work, webhook_id)
        work.deliveries.cancel_for_webhook(webhook_id)
        work.webhooks.remove(webhook_id)
        work.commit()


def _known(work: ReadUnitOfWork, webhook_id: str) -> Webhook:
    webhook = work.webhooks.get(webhook_id)
    if webhook is None:
        raise NotFoundError(f"there is no webhook {webhook_id}")
    return webhook


def _check(webhook_input: WebhookInput, private: bool) -> None:
    check_webhook_url(webhook_input.url, private=private)
    unknown = [event for event in webhook_input.events if event not in EVENTS]
    if unknown:
        raise InvalidError(f"there is no event {unknown[0]}", allowed=list(EVENTS))
