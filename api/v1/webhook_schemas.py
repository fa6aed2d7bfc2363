"""Webhooks and deliveries as clients see them."""

from datetime import datetime
from typing import Any, Self

from pydantic import BaseModel, Field

from api.requests.strict_body import StrictBody
from api.v1.schemas import JOB_ID
from domain.webhooks.deliveries import Delivery, DeliveryStatus
from domain.webhooks.webhook import Webhook
from services.webhooks.management import EVENTS, WebhookInput


class DeliveryAnswer(BaseModel):
    """One message to one URL, and what came of it."""

    id: int
    webhook_id: str | None = Field(description="the standing webhook, where it came of one")
    ref: str = Field(description="what it is about: a job's id", examples=[JOB_ID])
    event: str = Field(examples=["job.finished"])
    url: str
    payload: dict[str, Any] = Field(description="the body as it is sent")
    status: DeliveryStatus = Field(description="pending → delivered; failed after the last attempt, cancelled with its webhook")
    attempts: int
    next_at: datetime | None = Field(description="when the next attempt is due; in the past while it is under way")
    last_status: int | None = Field(description="HTTP status of the last answer")
    last_error: str | None = Field(description="why the last attempt failed")
    created_at: datetime
    delivered_at: datetime | None

    @classmethod
    def of(cls, delivery: Delivery) -> "DeliveryAnswer":
        """The delivery's answer, without its secret."""
        return cls(**delivery.model_dump(include=set(cls.model_fields)))


class Deliveries(BaseModel):
    """A page of deliveries, newest first."""

    items: list[DeliveryAnswer]
    next: str | None = Field(description="the URL of the next page")


class WebhookBody(StrictBody):
    """What a webhook shall be."""

    url: str = Field(description="http or https; what redirects is not followed", examples=["https://example.org/tenderlake"], max_length=2_000)
    events: list[str] = Field(list(EVENTS), description=f"any of {', '.join(EVENTS)}", min_length=1, max_length=20)
    active: bool = Field(True, description="whether anything is sent to it")
    description: str = Field("", description="a note of your own", max_length=500)
    secret: str | None = Field(None, description="what signs; where it is left out, one is made, or stays", min_length=16, max_length=255)

    def wish(self) -> WebhookInput:
        """The wish as the service takes it."""
        return WebhookInput(**self.model_dump())


class WebhookAnswer(BaseModel):
    """A webhook, without its secret."""

    id: str
    url: str
    events: list[str] = Field(examples=[list(EVENTS)])
    active: bool
    description: str
    created_at: datetime
    links: dict[str, str]

    @classmethod
    def of(cls, webhook: Webhook) -> Self:
        """The webhook's answer."""
        path = f"/v1/webhooks/{webhook.id}"
        links = {"self": path, "deliveries": f"{path}/deliveries"}
        return cls(**webhook.model_dump(include=set(cls.model_fields)), links=links)


class NewWebhook(WebhookAnswer):
    """A webhook with its secret, which is shown this once."""

    secret: str = Field(description="signs what is sent, by the Standard Webhooks specification (www.standardwebhooks.com)")

    @classmethod
    def new(cls, webhook: Webhook, secret: str) -> Self:
        """The answer to the one who made it."""
        return cls(**WebhookAnswer.of(webhook).model_dump(), secret=secret)


class Webhooks(BaseModel):
    """The webhooks."""

    items: list[WebhookAnswer]
