"""Fixtures of the application over real adapters in tmp_path; the queue is a list that tests work off explicitly."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr

from domain.shared.errors import UnavailableError
from domain.users.user import Role
from infrastructure.bootstrap import bootstrap
from infrastructure.scratch_installation import DiscardingMessageQueue
from infrastructure.settings import Settings
from infrastructure.warehouse.engine import SqlWarehouse
from infrastructure.warehouse.migrate import upgrade
from services.pipeline.stages import STAGES as REGISTRY
from services.ports.parts import Parts
from tests import databases
from tests.api.releases import package
from tests.applications import application, put_user

STAGES = {stage.name: stage for stage in REGISTRY}


@dataclass
class Kept(DiscardingMessageQueue):
    """A queue that keeps messages in order, for tests to inspect or work off."""

    sent: list[tuple[str, ...]] = field(default_factory=list)
    away: bool = False

    def send(self, actor: str, *args: str) -> None:
        self.check()
        self.sent.append((actor, *args))

    def pending(self, actor: str) -> set[tuple[str, ...]]:
        self.check()
        return {message[1:] for message in self.sent if message[0] == actor}

    def depths(self, actors: Sequence[str]) -> dict[str, int]:
        return {actor: len(self.pending(actor)) for actor in actors}

    def check(self) -> None:
        if self.away:
            raise UnavailableError("the queue does not answer")


@dataclass
class Api:
    """The installation under test; `client` calls as admin, `stranger` without credentials."""

    client: TestClient
    stranger: TestClient
    parts: Parts
    messages: Kept
    settings: Settings

    def work(self) -> None:
        """Handle all messages, as the workers would."""
        while self.messages.sent:
            self.work_one()

    def work_one(self) -> None:
        """Handle the next message."""
        actor, *args = self.messages.sent.pop(0)
        STAGES[actor](self.parts, *args)


def settings_of(data: Path) -> Settings:
    return Settings(
        data_dir=data, admin_password=SecretStr("admin!"), max_upload_bytes=300_000, embeddings="off", _env_file=None
    )


@pytest.fixture(scope="session")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of a new installation with the users admin, wendy (writer) and rita (reader), to be copied.

    The password of each is the name followed by an exclamation mark.
    """
    data = tmp_path_factory.mktemp("fresh") / "data"
    data.mkdir()
    settings = settings_of(data)
    upgrade(settings.warehouse_url, settings.fiscal_year_start)
    _put_users(settings)
    return data


def _put_users(settings: Settings) -> None:
    warehouse = SqlWarehouse(settings.warehouse_url)
    put_user(warehouse, "admin", Role.ADMIN)
    put_user(warehouse, "wendy", Role.WRITER)
    put_user(warehouse, "rita", Role.READER)
    warehouse.close()


@contextmanager
def started(fresh: Path, data: Path) -> Iterator[Api]:
    """The application over a copy of that installation."""
    shutil.copytree(fresh, data)
    settings, messages = settings_of(data), Kept()
    if databases.SERVER is not None:
        (data / "warehouse.db").unlink()
        settings = settings.model_copy(update={"database_url": databases.copy_of(data, data)})
        _put_users(settings)
    parts = replace(bootstrap(settings), messages=messages)
    with application(settings, parts) as app, TestClient(app) as client:
        client.auth = ("admin", "admin!")
        yield Api(client, TestClient(app), parts, messages, settings)
    parts.warehouse.close()  # type: ignore[attr-defined]


@contextmanager
def over(api: Api, parts: Parts) -> Iterator[Api]:
    """The installation with these adapters, in an application of its own."""
    with application(api.settings, parts) as app, TestClient(app) as client:
        client.auth = ("admin", "admin!")
        yield replace(api, client=client, parts=parts)


@pytest.fixture
def api(fresh: Path, tmp_path: Path) -> Iterator[Api]:
    """A new installation per test."""
    with started(fresh, tmp_path / "data") as made:
        yield made


@pytest.fixture(scope="package")
def full(fresh: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """An installation with three contracting processes, for tests that only read."""
    with started(fresh, tmp_path_factory.mktemp("full") / "data") as made:
        made.client.post("/v1/uploads", files={"file": ("three.json", package())})
        made.work()
        yield made
