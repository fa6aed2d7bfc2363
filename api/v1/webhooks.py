"""/v1/webhooks…: subscriptions to the end of jobs, and their deliveries."""

from typing import Annotated

from fastapi import Path, Request
from starlette.responses import Response

from api.auth import Admin
from api.context import Context
from api.openapi import answers
from api.requests.parameters import Cursor, next_link, strict_router
from api.v1.webhook_schemas import (
    Deliveries,
    DeliveryAnswer,
    DeliveryId,
    DeliveryLimit,
    NewWebhook,
    WebhookAnswer,
    WebhookBody,
    Webhooks,
)
from services.webhooks import management as services
from services.webhooks import outbox

router = strict_router("/v1/webhooks", "webhooks")
Id = Annotated[str, Path(description="the webhook's id", max_length=100)]


@router.get("")
def webhooks(context: Context, _: Admin) -> Webhooks:
    """List the webhooks, oldest first, without their secrets."""
    return Webhooks(items=[WebhookAnswer.of(one) for one in services.list_webhooks(context.parts.warehouse)])


@router.post("", status_code=201)
def add(context: Context, response: Response, _: Admin, body: WebhookBody) -> NewWebhook:
    """Add a webhook. The answer shows the signing secret, this once."""
    made, secret = services.add_webhook(
        context.parts.warehouse, context.parts.seals, body.to_input(), private=context.settings.webhook_private
    )
    response.headers["Cache-Control"] = "no-store"
    response.headers["Location"] = f"/v1/webhooks/{made.id}"
    return NewWebhook.new(made, secret)


@router.get("/{webhook_id}", responses=answers(404))
def webhook(webhook_id: Id, context: Context, _: Admin) -> WebhookAnswer:
    """Get a webhook."""
    return WebhookAnswer.of(services.get_webhook(context.parts.warehouse, webhook_id))


@router.put("/{webhook_id}", responses=answers(404))
def change(webhook_id: Id, context: Context, _: Admin, body: WebhookBody) -> WebhookAnswer:
    """Change a webhook; without `secret` the secret stays.

    Pending deliveries go to the new URL; they are cancelled if the webhook becomes inactive.
    """
    private = context.settings.webhook_private
    return WebhookAnswer.of(
        services.change_webhook(
            context.parts.warehouse, context.parts.seals, webhook_id, body.to_input(), private=private
        )
    )


@router.delete("/{webhook_id}", status_code=204, response_class=Response, responses=answers(404))
def remove(webhook_id: Id, context: Context, _: Admin) -> None:
    """Remove a webhook and cancel its pending deliveries."""
    services.remove_webhook(context.parts.warehouse, webhook_id)


@router.get("/{webhook_id}/deliveries", responses=answers(404))
def deliveries(
    request: Request, webhook_id: Id, context: Context, _: Admin, cursor: Cursor = None, limit: DeliveryLimit = 100
) -> Deliveries:
    """List sent and pending deliveries of a webhook, with the receiver's responses, newest first."""
    services.get_webhook(context.parts.warehouse, webhook_id)
    page, following = outbox.list_deliveries(context.parts.warehouse, webhook_id=webhook_id, cursor=cursor, limit=limit)
    return Deliveries(items=[DeliveryAnswer.of(one) for one in page], next=next_link(request, following))


@router.post("/{webhook_id}/deliveries/{delivery_id}/redeliver", status_code=202, responses=answers(404))
def redelivery(webhook_id: Id, delivery_id: DeliveryId, context: Context, _: Admin) -> DeliveryAnswer:
    """Send a delivery again."""
    services.get_webhook(context.parts.warehouse, webhook_id)
    return DeliveryAnswer.of(
        outbox.redeliver(context.parts.warehouse, context.parts.messages, delivery_id, webhook_id=webhook_id)
    )
