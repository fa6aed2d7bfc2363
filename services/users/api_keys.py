"""Creates, lists, revokes and checks API keys (`tl_` and 256 random bits, stored as SHA-256)."""

import secrets
from collections.abc import Sequence
from datetime import timedelta
from threading import Lock

from loguru import logger

from domain.shared.errors import ForbiddenError, InvalidError, NotFoundError, TenderlakeError, UnauthorizedError
from domain.users.api_key import HINT_CHARACTERS, NAME_MAX_CHARACTERS, PREFIX, ApiKey, hash_key
from domain.users.security_event import SecurityAction
from domain.users.user import Role, User, is_utf8
from services.ports.warehouse import Warehouse
from services.shared.clock import now

RANDOM_BYTES = 32
USE_NOTED_EVERY = timedelta(minutes=1)


def create_api_key(
    warehouse: Warehouse, owner: User, name: str, role: Role, days: int, address: str = "", actor: str | None = None
) -> tuple[ApiKey, str]:
    """Create a key; returns it and its text, which is not stored. `actor`: who creates it, if not the owner.

    ForbiddenError for a role above the owner's, InvalidError for an unusable name.
    """
    if not (name.strip() and len(name) <= NAME_MAX_CHARACTERS and is_utf8(name)):
        raise InvalidError(f"the name of a key is 1 to {NAME_MAX_CHARACTERS} characters that are not all blank")
    if not owner.role.reaches(role):
        raise ForbiddenError(f"a key has at most the role of its owner; {owner.name} is a {owner.role}")
    text, created = PREFIX + secrets.token_urlsafe(RANDOM_BYTES), now()
    key = ApiKey(
        id=secrets.token_hex(8),
        name=name,
        role=role,
        owner=owner.name,
        hint=text[:HINT_CHARACTERS],
        key_hash=hash_key(text),
        created_at=created,
        expires_at=created + timedelta(days=days),
    )
    with warehouse.write() as work:
        work.api_keys.add(key)
        work.security_events.add(SecurityAction.API_KEY_CREATED, actor or owner.name, address, key.id, created)
        work.commit()
    return key, text


def list_api_keys(warehouse: Warehouse) -> Sequence[ApiKey]:
    """All keys, oldest first."""
    with warehouse.read() as work:
        return work.api_keys.all()


def revoke_api_key(warehouse: Warehouse, key_id: str, actor: str, address: str = "") -> None:
    """Revoke a key; a revoked one stays revoked. NotFoundError for an unknown id."""
    with warehouse.write() as work:
        if work.api_keys.get(key_id) is None:
            raise NotFoundError(f"there is no API key {key_id}")
        work.api_keys.revoke(key_id, now())
        work.security_events.add(SecurityAction.API_KEY_REVOKED, actor, address, key_id, now())
        work.commit()


class ApiKeyChecker:
    """Finds the user that an API key acts for, by one indexed query, and notes the use of the key once a minute."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse
        self._lock = Lock()
        self._noted: set[str] = set()  # keys whose use this process is writing

    def user_of_key(self, text: str) -> User:
        """The key's owner, with at most the role of the key. UnauthorizedError if it is not valid."""
        with self._warehouse.read() as work:
            found = work.api_keys.with_owner(hash_key(text))
        moment = now()
        if found is None or not found[0].valid_at(moment):
            raise UnauthorizedError("the API key is unknown, expired or revoked, or its owner was removed")
        key, owner = found
        if key.last_used_at is None or moment - key.last_used_at >= USE_NOTED_EVERY:
            self._note_use(key)
        return owner.model_copy(update={"role": key.role.at_most(owner.role)})

    def _note_use(self, key: ApiKey) -> None:
        """Write the time of use. A request that only reads is answered even if that is impossible."""
        with self._lock:
            if key.id in self._noted:
                return
            self._noted.add(key.id)
        try:
            with self._warehouse.write() as work:
                work.api_keys.note_use(key.id, now())
                work.commit()
        except Exception as error:  # pylint: disable=broad-exception-caught
            reason = error.detail if isinstance(error, TenderlakeError) else type(error).__name__
            logger.warning("the use of the API key {} could not be noted: {}", key.id, reason)
        finally:
            with self._lock:
                self._noted.discard(key.id)
