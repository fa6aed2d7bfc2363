"""`tenderlake user` and `tenderlake key`, and what the security log has of them."""

import getpass
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli.main import app, main
from infrastructure.settings import Settings
from infrastructure.warehouse.engine import SqlWarehouse
from services.shared.clock import now
from services.users.api_keys import ApiKeyChecker
from services.users.security_log import list_events

pytestmark = pytest.mark.sqlite  # a command ends with its process and leaves its connections to that

CLI = f"cli:{getpass.getuser()}"


@pytest.fixture
def warehouse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, migrated: Path) -> Iterator[SqlWarehouse]:
    """The warehouse of the settings: migrated, and without users."""
    (tmp_path / "data").mkdir()
    shutil.copy(migrated, tmp_path / "data" / "warehouse.db")
    monkeypatch.setenv("TENDERLAKE_DATA_DIR", str(tmp_path / "data"))
    found = SqlWarehouse(Settings().warehouse_url)
    yield found
    found.close()


def run(*words: str) -> Result:
    return CliRunner().invoke(app, words)


def failed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """The message of a command that fails with exit code 1."""
    monkeypatch.setattr("sys.argv", ["tenderlake", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    return capsys.readouterr().err.strip()


def events(warehouse: SqlWarehouse) -> list[tuple[str, str, str]]:
    """Action, actor and subject of all security events, oldest first."""
    page, _ = list_events(warehouse, None, None, 100)
    return [(str(one.action), one.actor, one.subject) for one in reversed(page)]


def test_changes_of_users_are_in_the_security_log(warehouse: SqlWarehouse) -> None:
    for words in (
        ["add", "boss", "--role", "admin", "--password", "secret-1"],
        ["add", "boss", "--role", "admin", "--password", "secret-2"],
        ["add", "rita", "--password", "secret-3"],
        ["remove", "rita"],
    ):
        assert run("user", *words).exit_code == 0
    assert events(warehouse) == [
        ("user_added", CLI, "boss"),
        ("user_changed", CLI, "boss"),
        ("user_added", CLI, "rita"),
        ("user_removed", CLI, "rita"),
    ]
    page, _ = list_events(warehouse, None, None, 100)
    assert "secret" not in repr(page)
    assert run("user", "list").output == "boss\tadmin\n"


def test_a_refused_change_is_not_in_the_security_log(
    warehouse: SqlWarehouse, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run("user", "add", "boss", "--role", "admin", "--password", "secret-1")
    assert "last admin" in failed(monkeypatch, capsys, "user", "remove", "boss")
    assert "no user rita" in failed(monkeypatch, capsys, "user", "remove", "rita")
    assert len(events(warehouse)) == 1


def test_the_admin_of_the_first_start_is_in_the_security_log(
    warehouse: SqlWarehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TENDERLAKE_EMBEDDINGS", "off")
    for password in ("secret-1", "secret-1", "secret-2"):
        monkeypatch.setenv("TENDERLAKE_ADMIN_PASSWORD", password)
        assert run("migrate").exit_code == 0
    assert events(warehouse) == [("user_added", "cli:start", "admin"), ("user_changed", "cli:start", "admin")]


def test_a_key_is_made_listed_used_and_revoked(
    warehouse: SqlWarehouse, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run("user", "add", "wendy", "--role", "writer", "--password", "secret-1")
    made = run("key", "add", "nightly import", "--user", "wendy", "--role", "writer", "--days", "3")
    assert made.exit_code == 0
    text = made.stdout.strip()
    assert text.startswith("tl_")
    assert "it is not shown again" in made.stderr
    assert text not in made.stderr
    assert ApiKeyChecker(warehouse).user_of_key(text).name == "wendy"
    (line,) = run("key", "list").output.splitlines()
    key_id, *shown = line.split("\t")
    assert shown[:4] == ["nightly import", "wendy", "writer", text[:8]]
    assert shown[4].startswith("valid until 2")
    assert shown[5] == f"last used {now():%Y-%m-%d}"
    assert run("key", "revoke", key_id).output == f"{key_id} is revoked\n"
    assert f"\trevoked {now():%Y-%m-%d}\t" in run("key", "list").output
    assert "no API key xyz" in failed(monkeypatch, capsys, "key", "revoke", "xyz")
    assert events(warehouse)[1:] == [("api_key_created", CLI, key_id), ("api_key_revoked", CLI, key_id)]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["import", "--user", "nobody"], "there is no user nobody"),
        (["import", "--user", "not a name"], "there is no user not a name"),
        (["import", "--user", "rita", "--role", "admin"], "a key has at most the role of its owner; rita is a reader"),
        (["  ", "--user", "rita"], "the name of a key is 1 to 100 characters"),
        (["x" * 101, "--user", "rita"], "the name of a key is 1 to 100 characters"),
        (["na\udce4me", "--user", "rita"], "the name of a key is 1 to 100 characters"),
    ],
)
def test_a_key_that_can_not_be_made_is_refused_with_the_reason(
    warehouse: SqlWarehouse,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    reason: str,
) -> None:
    run("user", "add", "rita", "--password", "secret-1")
    assert reason in failed(monkeypatch, capsys, "key", "add", *words)
    assert len(events(warehouse)) == 1


@pytest.mark.parametrize("days", ["0", "3651", "many"])
def test_a_lifetime_out_of_range_is_refused(days: str) -> None:
    assert run("key", "add", "import", "--user", "rita", "--days", days).exit_code == 2
