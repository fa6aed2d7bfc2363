"""Request and response bodies of webhooks and deliveries."""

from datetime import datetime
from typing import Annotated, Any, Self

from fastapi import Path, Query
from pydantic import BaseModel, Field

from api.requests.strict_body import StrictBody
from api.v1.schemas import JOB_ID, ListPage
from domain.webhooks.deliveries import Delivery, DeliveryStatus
from domain.webhooks.webhook import Webhook
from services.webhooks.management import EVENTS, WebhookInput

DeliveryId = Annotated[int, Path(ge=0, lt=2**63, description="the delivery's id")]
DeliveryLimit = Annotated[int, Query(ge=1, le=1000, description="largest number of deliveries in a page")]


class DeliveryAnswer(BaseModel):
    """One message to one URL, and its result."""

    id: int
    webhook_id: str | None = Field(description="the webhook that subscribes to the event, if any")
    ref: str = Field(description="the subject: a job's id", examples=[JOB_ID])
    event: str = Field(examples=["job.finished"])
    url: str
    payload: dict[str, Any] = Field(description="the body as sent")
    status: DeliveryStatus = Field(
        description="pending → delivered; failed after the last attempt; cancelled when its webhook is removed"
    )
    attempts: int
    next_at: datetime | None = Field(description="when the next attempt is due; in the past during an attempt")
    last_status: int | None = Field(description="HTTP status of the last answer")
    last_error: str | None = Field(description="why the last attempt failed")
    created_at: datetime
    delivered_at: datetime | None

    @classmethod
    def of(cls, delivery: Delivery) -> "DeliveryAnswer":
        """Build the answer, without the secret."""
        return cls(**delivery.model_dump(include=set(cls.model_fields)))


class Deliveries(ListPage[DeliveryAnswer]):
    """A page of deliveries, newest first."""


class WebhookBody(StrictBody):
    """URL, events and secret of a webhook."""

    url: str = Field(
        description="http or https; redirects are not followed",
        examples=["https://example.org/tenderlake"],
        max_length=2_000,
    )
    events: list[str] = Field(list(EVENTS), description=f"any of {', '.join(EVENTS)}", min_length=1, max_length=20)
    active: bool = Field(True, description="whether anything is sent to it")
    description: str = Field("", description="free text", max_length=500)
    secret: str | None = Field(
        None, description="signs the messages; default: generated, or unchanged", min_length=16, max_length=255
    )

    def to_input(self) -> WebhookInput:
        """The body as the service's input."""
        return WebhookInput(**self.model_dump())


class WebhookAnswer(BaseModel):
    """A webhook; its secret is not shown."""

    id: str
    url: str
    events: list[str] = Field(examples=[list(EVENTS)])
    active: bool
    description: str
    created_at: datetime
    links: dict[str, str]

    @classmethod
    def of(cls, webhook: Webhook) -> Self:
        """Build the answer."""
        path = f"/v1/webhooks/{webhook.id}"
        links = {"self": path, "deliveries": f"{path}/deliveries"}
        return cls(**webhook.model_dump(include=set(cls.model_fields)), links=links)


class NewWebhook(WebhookAnswer):
    """A new webhook with its secret, which is shown this once."""

    secret: str = Field(
        description="signs the messages, by the Standard Webhooks specification (www.standardwebhooks.com)"
    )

    @classmethod
    def new(cls, webhook: Webhook, secret: str) -> Self:
        """Build the answer to its creation."""
        return cls(**WebhookAnswer.of(webhook).model_dump(), secret=secret)


class Webhooks(BaseModel):
    """The webhooks."""

    items: list[WebhookAnswer]
