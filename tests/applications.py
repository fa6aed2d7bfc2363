"""Applications for tests. Making one takes more than a second of CPU (routes, OpenAPI), so a process of tests uses each
again.

An application holds nothing of an installation but its container, and each test gets a container of its own.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from fastapi import FastAPI
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from api.app import container_of, create_app
from domain.users.user import Role, User
from infrastructure.settings import Settings
from services.ports.parts import Parts
from services.ports.warehouse import Warehouse
from services.shared.clock import now

UNUSED: list[FastAPI] = []
# A hash says what it takes to check it: these take a millisecond, where the product's own take a fifth of a second.
QUICK = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),))


@contextmanager
def application(settings: Settings, parts: Parts) -> Iterator[FastAPI]:
    """An application over these parts."""
    app = UNUSED.pop() if UNUSED else create_app(settings, parts)
    app.state.container = container_of(settings, parts)
    try:
        yield app
    finally:
        UNUSED.append(app)


def put_user(warehouse: Warehouse, name: str, role: Role) -> None:
    """A user whose password is the name and a bang, and quick to check."""
    with warehouse.write() as work:
        work.users.put(User(name=name, role=role, password_hash=QUICK.hash(f"{name}!"), created_at=now()))
        work.commit()
