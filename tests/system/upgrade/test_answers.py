"""A data folder made before modules and tables were rearranged answers every list and search as it did then: what is
answered now contains what was answered, and members that are new since.

`rules-2.tar.xz` was made by the version of 28 November 2026 (revision 0013) over HTTP: 180 releases of seeds, generated
data and OCDS 1.0, reference records, a PDF, quarantined records, changes, deletions, a purge, a synonym, a saved search
and a webhook. `answers.json` in it holds what that version answered: {path: [status, body]}. It lacks the queue and the
calendar (`dim_date`), which a start fills.
"""

import json
import tarfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from cli.main import migrate
from domain.users.user import Role
from infrastructure.bootstrap import bootstrap
from infrastructure.scratch_installation import DiscardingMessageQueue, scratch_installation
from infrastructure.settings import Settings
from services.maintenance.rebuild import rebuild_gold, rebuild_silver
from services.maintenance.verify import verify
from services.ports.parts import Parts
from services.search.rebuild import rebuild_search
from tests.applications import application, put_user

PACKED = Path(__file__).parent / "rules-2.tar.xz"
VOLATILE = ("took_ms", "score")  # members that differ at each call, or once the index is filled again


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The settings of the older installation, unpacked and migrated."""
    with tarfile.open(PACKED) as packed:
        packed.extractall(tmp_path, filter="data")
    monkeypatch.setenv("TENDERLAKE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("TENDERLAKE_EMBEDDINGS", "off")
    migrate()
    return Settings()


@pytest.fixture
def parts(settings: Settings) -> Parts:
    return bootstrap(settings)


@pytest.fixture
def client(settings: Settings, parts: Parts) -> Iterator[TestClient]:
    put_user(parts.warehouse, "admin", Role.ADMIN)  # as before, but with a password of the tests
    # As the first start does: documents have got more fields.
    rebuild_search(replace(parts, messages=DiscardingMessageQueue()))
    with application(settings, parts) as app, TestClient(app) as client:
        client.auth = ("admin", "admin!")
        yield client


def test_every_answer_is_as_before(tmp_path: Path, client: TestClient) -> None:
    answers: dict[str, tuple[int, Any]] = json.loads((tmp_path / "answers.json").read_bytes())
    assert len(answers) > 100
    for path, (status, body) in answers.items():
        answer = client.get(path)
        assert (path, answer.status_code) == (path, status)
        assert _missing(_stable(body), answer.json()) == [], path


def test_the_older_folder_passes_verify_once_it_is_rebuilt(settings: Settings, parts: Parts) -> None:
    parts = replace(parts, messages=DiscardingMessageQueue())
    rebuild_silver(parts)
    rebuild_gold(parts)
    with scratch_installation(settings, parts) as fresh:
        assert list(verify(parts, fresh)) == []


def _missing(body: Any, answer: Any, path: str = "") -> list[str]:
    """The paths in `body` whose values `answer` does not have. Lists have all their elements in order, and lists of
    permitted names may have more."""
    if isinstance(body, dict) and isinstance(answer, dict):
        pairs = [(f"{path}/{name}", value, answer.get(name)) for name, value in body.items()]
        return [where for at, was, now in pairs for where in _missing(was, now, at)]
    if isinstance(body, list) and isinstance(answer, list) and path.rpartition("/")[2] != "allowed":
        pairs = [(f"{path}/{index}", was, now) for index, (was, now) in enumerate(zip(body, answer, strict=False))]
        shorter = [path] if len(body) != len(answer) else []
        return shorter + [where for at, was, now in pairs for where in _missing(was, now, at)]
    if isinstance(body, list) and isinstance(answer, list):
        return [] if set(body) <= set(answer) else [path]
    return [] if body == answer else [path]


def _stable(body: Any) -> Any:
    if isinstance(body, dict):
        return {name: _stable(value) for name, value in body.items() if name not in VOLATILE}
    return [_stable(one) for one in body] if isinstance(body, list) else body
