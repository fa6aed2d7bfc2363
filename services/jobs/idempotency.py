"""Idempotency keys: a repeated request with the same Idempotency-Key answers with the jobs of the first request."""

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
    """A key's user, the hash of the key (clients may put secrets into it), and the fingerprint of its request."""

    actor: str
    key: str
    fingerprint: str


def check_key(key: str) -> None:
    """InvalidError for an invalid key."""
    if not 1 <= len(key) <= KEY_MAX_CHARACTERS or not key.isascii() or not key.isprintable():
        raise InvalidError(f"an Idempotency-Key is 1 to {KEY_MAX_CHARACTERS} printable ASCII characters")


def make_idempotency_key(actor: str, key: str, *request: str) -> IdempotencyKey:
    """Return the key of a request; `request` is its method, its path with parameters, and the hash of its body."""
    fingerprint = hashlib.sha256("\n".join(request).encode()).hexdigest()
    return IdempotencyKey(actor=actor, key=hashlib.sha256(key.encode()).hexdigest(), fingerprint=fingerprint)


def was_used(work: ReadUnitOfWork, key: IdempotencyKey | None) -> bool:
    """Whether the user made the same request with the same key within KEY_RETENTION."""
    return key is not None and bool(
        work.idempotency_keys.is_known(key.actor, key.key, key.fingerprint, now() - KEY_RETENTION)
    )


def claim_key(work: WriteUnitOfWork, key: IdempotencyKey, jobs: Sequence[str]) -> list[str] | None:
    """Store the key for `jobs` and return None; return its known jobs if it is stored already.

    ConflictError if the key was used for another request.
    """
    moment = now()
    work.idempotency_keys.delete_older(moment - KEY_RETENTION)
    used = work.idempotency_keys.claim(key.actor, key.key, key.fingerprint, list(jobs), moment)
    if used.fingerprint != key.fingerprint:
        raise ConflictError(
            "this Idempotency-Key was used for another request; use a new key for a new request", jobs=used.jobs
        )
    return None if used.jobs == list(jobs) else used.jobs
