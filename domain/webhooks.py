"""Webhooks: who is told what, the signature that proves it was us, and the addresses that nobody may have us call."""

import hmac
import ipaddress
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, Field

from domain.errors import InvalidError
from domain.job import Job, JobStatus

Event = Literal["job.finished", "job.failed", "job.cancelled"]
EVENTS: dict[JobStatus, Event] = {JobStatus.SUCCEEDED: "job.finished", JobStatus.FAILED: "job.failed", JobStatus.CANCELLED: "job.cancelled"}
DeliveryStatus = Literal["pending", "delivered", "failed", "cancelled"]
SIGNATURE = "X-Tenderlake-Signature"
LONGEST = 2_000  # characters of a URL
HOST_MAX_CHARACTERS = 260  # a DNS name has 253, a port 5
# Waits before the second, third … attempt; after the last one a delivery has failed.
WAITS = tuple(timedelta(seconds=seconds) for seconds in (5, 30, 120, 600, 1_800, 7_200, 21_600, 43_200))


class Webhook(BaseModel):
    """A standing wish to hear of events, whoever caused them. `secret` is sealed."""

    id: str
    url: str
    secret: str
    events: list[str]
    active: bool = True
    description: str = ""
    created_at: datetime


class Delivery(BaseModel):
    """One message to one URL. `ref` is what it is about (a job's id), `next_at` when it is tried next; `secret` is sealed."""

    id: int = 0
    webhook_id: str | None = Field(None, description="the standing webhook, where it came of one")
    ref: str = Field(description="what it is about: a job's id")
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


class Answered(BaseModel):
    """What came of an attempt; `final` where trying again can't help."""

    status: int | None = None
    error: str | None = None
    final: bool = False


def sign(secret: str, timestamp: int, body: bytes) -> str:
    """The signature header's value: HMAC-SHA256 over `timestamp.body`, timestamp in Unix seconds."""
    proof = hmac.digest(secret.encode(), f"{timestamp}.".encode() + body, "sha256").hex()
    return f"t={timestamp},v1={proof}"


def job_notice(job: Job) -> dict[str, Any]:
    """What is said of a job that ended."""
    told = job.model_dump(mode="json", include={"id", "type", "status", "actor", "filename", "sha256", "counts", "error", "created_at", "finished_at"})
    return {"event": EVENTS[job.status], "job": told | {"links": {"self": f"/v1/jobs/{job.id}", "errors": f"/v1/jobs/{job.id}/errors"}}}


def after(delivery: Delivery, answered: Answered, now: datetime) -> Delivery:
    """The delivery after an attempt: delivered, to be tried again later, or failed for good."""
    told = {"attempts": delivery.attempts + 1, "last_status": answered.status, "last_error": answered.error, "next_at": None}
    if answered.error is None:
        return delivery.model_copy(update=told | {"status": "delivered", "delivered_at": now})
    if answered.final or delivery.attempts >= len(WAITS):
        return delivery.model_copy(update=told | {"status": "failed"})
    return delivery.model_copy(update=told | {"next_at": now + WAITS[delivery.attempts]})


def check_url(url: str, *, private: bool) -> str:
    """The URL, where word may be sent to it as far as its text tells. InvalidError otherwise; `private` lets internal addresses through."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise InvalidError(f"the webhook's URL can't be read: {error}", webhook=url[:200]) from error
    if parts.scheme not in {"http", "https"} or not host or len(url) > LONGEST or not url.isascii() or any(c <= " " for c in url):
        raise InvalidError("a webhook is an http or https URL of at most 2,000 ASCII characters without blanks", webhook=url[:200])
    if parts.username is not None or parts.password is not None:
        raise InvalidError("a webhook's URL carries no user name or password; the signature proves who calls")
    if not private and (host == "localhost" or host.endswith(".localhost") or (is_address(host) and internal(host))):
        raise InvalidError(f"{host} is an internal address; TENDERLAKE_WEBHOOK_PRIVATE=true would allow it", webhook=url[:200])
    return url


def host_of(url: str) -> str:
    """Host and port of a URL that `check_url` let through, in one form; the end of it, where no real name is so long."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or (443 if parts.scheme == 'https' else 80)}"[-HOST_MAX_CHARACTERS:]


def url_hash(url: str) -> int:
    """64 bits by which URLs are told apart."""
    return int.from_bytes(blake2b(url.encode(), digest_size=8).digest(), signed=True)


def is_address(host: str) -> bool:
    """Whether a URL's host is an IP address and no name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def internal(address: str) -> bool:
    """Whether an IP address is anything but a public one: loopback, private, link-local, multicast, or such a one in IPv6's clothes."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    inner = _inner(ip) if isinstance(ip, ipaddress.IPv6Address) else None
    return not ip.is_global or ip.is_multicast or (inner is not None and internal(str(inner)))


def _inner(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if ip in ipaddress.ip_network("64:ff9b::/96"):  # NAT64
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
