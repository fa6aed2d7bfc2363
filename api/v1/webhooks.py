"""/v1/webhooks…: who is told of every job that ends."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import Response

from api.auth import SCHEMES, Admin
from api.container import Here
from api.notices import Deliveries, DeliveryAnswer, NewWebhook, WebhookAnswer, WebhookBody, Webhooks
from api.parameters import Cursor, known, next_link
from api.problems import COMMON, answers
from services import notify
from services.intake import webhooks as services

router = APIRouter(prefix="/v1/webhooks", tags=["webhooks"], dependencies=[*SCHEMES, Depends(known)], responses=COMMON)
Id = Annotated[str, Path(description="the webhook's id", max_length=100)]
DeliveryId = Annotated[int, Path(ge=0, lt=2**63, description="the delivery's id")]
Limit = Annotated[int, Query(ge=1, le=1000, description="deliveries a page has at most")]


@router.get("")
def webhooks(here: Here, _: Admin) -> Webhooks:
    """List the webhooks, oldest first; their secrets are not shown."""
    return Webhooks(items=[WebhookAnswer.of(one) for one in services.list_webhooks(here.parts.warehouse)])


@router.post("", status_code=201)
def add(here: Here, response: Response, _: Admin, body: WebhookBody) -> NewWebhook:
    """Add a webhook. The answer holds the secret that signs what is sent to it; it is shown this once."""
    made, secret = services.add_webhook(here.parts, body.wish(), private=here.settings.webhook_private)
    response.headers["Location"] = f"/v1/webhooks/{made.id}"
    return NewWebhook.new(made, secret)


@router.get("/{webhook_id}", responses=answers(404))
def webhook(webhook_id: Id, here: Here, _: Admin) -> WebhookAnswer:
    """A webhook."""
    return WebhookAnswer.of(services.get_webhook(here.parts.warehouse, webhook_id))


@router.put("/{webhook_id}", responses=answers(404))
def change(webhook_id: Id, here: Here, _: Admin, body: WebhookBody) -> WebhookAnswer:
    """Change a webhook; without `secret` it keeps its own. What waits for it goes to the new URL, or nowhere once it is not active."""
    private = here.settings.webhook_private
    return WebhookAnswer.of(services.change_webhook(here.parts, webhook_id, body.wish(), private=private))


@router.delete("/{webhook_id}", status_code=204, response_class=Response, responses=answers(404))
def remove(webhook_id: Id, here: Here, _: Admin) -> None:
    """Remove a webhook; nothing more is sent to it."""
    services.remove_webhook(here.parts.warehouse, webhook_id)


@router.get("/{webhook_id}/deliveries", responses=answers(404))
def deliveries(request: Request, webhook_id: Id, here: Here, _: Admin, cursor: Cursor = None, limit: Limit = 100) -> Deliveries:
    """What was sent to a webhook, or waits to be, and what it answered, newest first."""
    services.get_webhook(here.parts.warehouse, webhook_id)
    page, following = notify.deliveries_of(here.parts.warehouse, webhook_id=webhook_id, cursor=cursor, limit=limit)
    return Deliveries(items=[DeliveryAnswer.of(one) for one in page], next=next_link(request, following))


@router.post("/{webhook_id}/deliveries/{delivery_id}/redeliver", status_code=202, responses=answers(404))
def redelivery(webhook_id: Id, delivery_id: DeliveryId, here: Here, _: Admin) -> DeliveryAnswer:
    """Send a delivery once more."""
    services.get_webhook(here.parts.warehouse, webhook_id)
    return DeliveryAnswer.of(notify.redeliver(here.parts, delivery_id, webhook_id=webhook_id))
