"""The application over real parts in tmp_path, with the queue replaced by a list that is read by hand."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr

from api.app import create_app
from domain.errors import UnavailableError
from domain.user import Role
from infrastructure.bootstrap import bootstrap, vault
from infrastructure.settings import Settings
from infrastructure.warehouse.engine import Warehouse
from infrastructure.warehouse.migrate import upgrade
from services.intake.users import add_user, ensure_admin
from services.notify import deliver
from services.ports import Parts
from services.stages.embed import embed
from services.stages.erase import erase
from services.stages.index import index
from services.stages.land import land
from services.stages.publish import publish
from services.stages.refine import refine
from tests.api.releases import package

STAGES: dict[str, Callable[..., None]] = {
    "land": land,
    "refine": refine,
    "publish": publish,
    "index": index,
    "embed": embed,
    "deliver": deliver,
    "erase": erase,
}


@dataclass
class Kept:
    """Messages kept in order, for a test to look at or to work off."""

    sent: list[tuple[str, ...]] = field(default_factory=list)
    away: bool = False

    def send(self, actor: str, *args: str) -> None:
        self.check()
        self.sent.append((actor, *args))

    def pending(self, actor: str) -> set[tuple[str, ...]]:
        self.check()
        return {message[1:] for message in self.sent if message[0] == actor}

    def check(self) -> None:
        if self.away:
            raise UnavailableError("the queue does not answer")


@dataclass
class Api:
    """What a test works with; `client` calls as admin, `stranger` as nobody."""

    client: TestClient
    stranger: TestClient
    parts: Parts
    messages: Kept
    settings: Settings

    def work(self) -> None:
        """Work off all messages, as the workers would."""
        while self.messages.sent:
            actor, *args = self.messages.sent.pop(0)
            STAGES[actor](self.parts, *args)


def settings_of(data: Path) -> Settings:
    return Settings(data_dir=data, admin_password=SecretStr("admin!"), max_upload_bytes=300_000, embeddings="off", _env_file=None)


@pytest.fixture(scope="session")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of a fresh installation with the users admin, wendy (writer) and rita (reader), to be copied.

    Their passwords are their names and a bang.
    """
    data = tmp_path_factory.mktemp("fresh") / "data"
    data.mkdir()
    settings = settings_of(data)
    upgrade(settings.warehouse_url, settings.fiscal_year_start)
    warehouse = Warehouse(settings.warehouse_url)
    ensure_admin(warehouse, vault(settings), settings.admin_password)
    add_user(warehouse, "wendy", Role.WRITER, "wendy!")
    add_user(warehouse, "rita", Role.READER, "rita!")
    warehouse.close()
    return data


def start(fresh: Path, data: Path) -> Api:
    shutil.copytree(fresh, data)
    settings, messages = settings_of(data), Kept()
    parts = replace(bootstrap(settings), messages=messages)
    app = create_app(settings, parts)
    client = TestClient(app)
    client.auth = ("admin", "admin!")
    return Api(client, TestClient(app), parts, messages, settings)


@pytest.fixture
def api(fresh: Path, tmp_path: Path) -> Iterator[Api]:
    """A fresh installation of its own."""
    made = start(fresh, tmp_path / "data")
    with made.client:
        yield made
    made.parts.warehouse.close()  # type: ignore[attr-defined]


@pytest.fixture(scope="package")
def full(fresh: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """An installation that three processes went through, for tests that only read."""
    made = start(fresh, tmp_path_factory.mktemp("full") / "data")
    with made.client:
        made.client.post("/v1/uploads", files={"file": ("three.json", package())})
        made.work()
        yield made
    made.parts.warehouse.close()  # type: ignore[attr-defined]
