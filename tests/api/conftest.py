"""The application over real parts in tmp_path, with the queue replaced by a list that is read by hand."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr

from api.app import create_app
from domain.errors import UnavailableError
from domain.user import Role
from infrastructure.bootstrap import bootstrap, vault
from infrastructure.settings import Settings
from infrastructure.warehouse.migrate import upgrade
from services.intake.users import add_user, ensure_admin
from services.ports import Parts
from services.stages.index import index
from services.stages.land import land
from services.stages.publish import publish
from services.stages.refine import refine
from tests.api.releases import package

STAGES: dict[str, Callable[..., None]] = {"land": land, "refine": refine, "publish": publish, "index": index}


@dataclass
class Kept:
    """Messages kept in order, for a test to look at or to work off."""

    sent: list[tuple[str, ...]] = field(default_factory=list)
    away: bool = False

    def send(self, actor: str, *args: str) -> None:
        self.check()
        self.sent.append((actor, *args))

    def check(self) -> None:
        if self.away:
            raise UnavailableError("the queue does not answer")


@dataclass
class Api:
    """What a test works with."""

    client: TestClient
    parts: Parts
    messages: Kept
    settings: Settings

    def work(self) -> None:
        """Work off all messages, as the workers would."""
        while self.messages.sent:
            actor, *args = self.messages.sent.pop(0)
            STAGES[actor](self.parts, *args)


def make(data: Path) -> Api:
    """A fresh installation with the users admin, wendy (writer) and rita (reader), whose passwords are their names and a bang."""
    settings = Settings(data_dir=data, admin_password=SecretStr("admin!"), max_upload_bytes=300_000, _env_file=None)
    data.mkdir(exist_ok=True)
    upgrade(settings.warehouse_url, settings.fiscal_year_start)
    made, messages = bootstrap(settings), Kept()
    parts = Parts(made.warehouse, made.lake, made.search, messages, made.sources, made.files)
    ensure_admin(parts.warehouse, vault(settings), settings.admin_password)
    add_user(parts.warehouse, "wendy", Role.WRITER, "wendy!")
    add_user(parts.warehouse, "rita", Role.READER, "rita!")
    client = TestClient(create_app(settings, parts))
    client.auth = ("admin", "admin!")
    return Api(client, parts, messages, settings)


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    """A fresh installation of its own."""
    made = make(tmp_path / "data")
    with made.client:
        yield made
    made.parts.warehouse.close()  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """An installation that three processes went through, for tests that only read."""
    made = make(tmp_path_factory.mktemp("full") / "data")
    with made.client:
        made.client.post("/v1/uploads", files={"file": ("three.json", package())})
        made.work()
        yield made
    made.parts.warehouse.close()  # type: ignore[attr-defined]
