"""Outgoing webhook requests."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from domain.webhooks.deliveries import DeliveryResult


@dataclass(frozen=True)
class WebhookRequest:
    """A request to somebody else's address: the body as bytes, the headers as they go out."""

    url: str
    body: bytes
    headers: Mapping[str, str]


class WebhookSender(Protocol):
    """The way to other people's addresses."""

    def post(self, post: WebhookRequest) -> DeliveryResult:
        """Send it within seconds, whatever the receiver does. Called from several threads at once."""


class NoWebhookSender:
    """Where nothing is sent to anybody: every attempt fails and is made again."""

    def post(self, post: WebhookRequest) -> DeliveryResult:  # pylint: disable=unused-argument
        """Nothing is sent."""
        return DeliveryResult(error="this process sends nothing")
