"""Standing webhooks: adding, changing and removing them."""

import secrets
from base64 import b64encode
from collections.abc import Sequence
from typing import get_args

from pydantic import BaseModel

from domain.shared.errors import InvalidError, NotFoundError
from domain.webhooks.addresses import check_webhook_url
from domain.webhooks.deliveries import SECRET_PREFIX
from domain.webhooks.webhook import Event, Webhook
from services.ports.parts import Parts
from services.ports.warehouse import ReadUnitOfWork, Warehouse
from services.shared.clock import now

EVENTS: tuple[str, ...] = get_args(Event)
SECRET_BYTES = 32


class WebhookInput(BaseModel):
    """What a webhook shall be; `secret` None keeps the present one, or makes one."""

    url: str
    events: list[str]
    active: bool
    description: str
    secret: str | None = None


def new_secret() -> str:
    """A random secret as the Standard Webhooks specification writes them: `whsec_` and base64."""
    return f"{SECRET_PREFIX}{b64encode(secrets.token_bytes(SECRET_BYTES)).decode()}"


def list_webhooks(warehouse: Warehouse) -> Sequence[Webhook]:
    """All webhooks, oldest first."""
    with warehouse.read() as work:
        found = work.webhooks.all()
    return found


def get_webhook(warehouse: Warehouse, webhook_id: str) -> Webhook:
    """The webhook. NotFoundError where there is none of that id."""
    with warehouse.read() as work:
        return _known(work, webhook_id)


def add_webhook(parts: Parts, wish: WebhookInput, *, private: bool) -> tuple[Webhook, str]:
    """Add a webhook; it and its secret, which is sealed in it. InvalidError for an address or an event that can't be."""
    _check(wish, private)
    secret = wish.secret or new_secret()
    made = wish.model_dump() | {"id": secrets.token_hex(8), "created_at": now(), "secret": parts.seals.encrypt(secret)}
    webhook = Webhook(**made)
    with parts.warehouse.write() as work:
        work.webhooks.put(webhook)
        work.commit()
    return webhook, secret


def change_webhook(parts: Parts, webhook_id: str, wish: WebhookInput, *, private: bool) -> Webhook:
    """Change a webhook, and where that which waits for it goes. Errors as for `add_webhook`; NotFoundError where there is none of that id."""
    _check(wish, private)
    with parts.warehouse.write() as work:
        webhook = _known(work, webhook_id)
        secret = parts.seals.encrypt(wish.secret) if wish.secret else webhook.secret
        webhook = webhook.model_copy(update=wish.model_dump(exclude={"secret"}) | {"secret": secret})
        work.webhooks.put(webhook)
        work.deliveries.update_receiver(webhook)
        work.commit()
    return webhook


def remove_webhook(warehouse: Warehouse, webhook_id: str) -> None:
    """Remove a webhook and what waits for it. NotFoundError where there is none of that id."""
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


def _check(wish: WebhookInput, private: bool) -> None:
    check_webhook_url(wish.url, private=private)
    unknown = [event for event in wish.events if event not in EVENTS]
    if unknown:
        raise InvalidError(f"there is no event {unknown[0]}", allowed=list(EVENTS))
