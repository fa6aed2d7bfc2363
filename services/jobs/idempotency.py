"""Requests that are made once however often they are sent: an Idempotency-Key stands for the jobs that its first request made."""

import hashlib
from collections.abc import Sequence
from datetime import timedelta

from pydantic import BaseModel

from domain.shared.errors import ConflictError, InvalidError
from services.ports.warehouse import ReadUnitOfWork, WriteUnitOfWork
from services.shared.clock import now

KEY_RETENTION = timedelta(days=7)
KEY_MAX_CHARACTERS = 255


class IdempotencyKey(BaseModel):
    """The hash of a key, which may say anything, who used it, and the fingerprint of the request it was used for."""

    actor: str
    key: str
    fingerprint: str


def check_key(key: str) -> None:
    """InvalidError for a key that can't be."""
    if not 1 <= len(key) <= KEY_MAX_CHARACTERS or not key.isascii() or not key.isprintable():
        raise InvalidError(f"an Idempotency-Key is 1 to {KEY_MAX_CHARACTERS} printable ASCII characters")


def make_idempotency_key(actor: str, key: str, *request: str) -> IdempotencyKey:
    """What makes a request the same request: `request` are its method, its path with parameters, the hash of its body."""
    fingerprint = hashlib.sha256("\n".join(request).encode()).hexdigest()
    return IdempotencyKey(actor=actor, key=hashlib.sha256(key.encode()).hexdigest(), fingerprint=fingerprint)


def was_used(work: ReadUnitOfWork, asked: IdempotencyKey | None) -> bool:
    """Whether the same request was made with the same key."""
    return asked is not None and bool(work.idempotency_keys.is_known(asked.actor, asked.key, asked.fingerprint, now() - KEY_RETENTION))


def claim_key(work: WriteUnitOfWork, asked: IdempotencyKey, jobs: Sequence[str]) -> list[str] | None:
    """The jobs that the key stands for already; None where it was free and is now put down for `jobs`. ConflictError for another request's key."""
    moment = now()
    work.idempotency_keys.delete_older(moment - KEY_RETENTION)
    fingerprint, known = work.idempotency_keys.claim(asked.actor, asked.key, asked.fingerprint, list(jobs), moment)
    if fingerprint != asked.fingerprint:
        raise ConflictError("this Idempotency-Key was used for another request; use a new key for a new request", jobs=known)
    return None if known == list(jobs) else known
