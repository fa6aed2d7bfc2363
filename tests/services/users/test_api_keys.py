"""API keys over a real warehouse: who they act for, when they end, what is stored."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from domain.shared.errors import ForbiddenError, NotFoundError, UnauthorizedError
from domain.users.api_key import hash_key
from domain.users.user import Role, User
from infrastructure.warehouse.engine import SqlWarehouse
from infrastructure.warehouse.users.api_keys import KEY
from services.ports.parts import Parts
from services.shared.clock import now
from services.users import api_keys
from services.users.accounts import remove_user
from services.users.api_keys import ApiKeyChecker, create_api_key, list_api_keys, revoke_api_key
from tests.applications import put_user


def owner(parts: Parts, name: str, role: Role) -> User:
    put_user(parts.warehouse, name, role)
    with parts.warehouse.read() as work:
        found = work.users.get(name)
    assert found is not None
    return found


def set_clock(monkeypatch: pytest.MonkeyPatch, moment: datetime) -> None:
    monkeypatch.setattr(api_keys, "now", lambda: moment)


def test_only_the_hash_of_a_key_is_stored(lake_home: Parts) -> None:
    _, text = create_api_key(lake_home.warehouse, owner(lake_home, "boss", Role.ADMIN), "import", Role.WRITER, 30)
    assert text.startswith("tl_")
    assert len(text) == 46, "32 random bytes as 43 urlsafe characters"
    assert isinstance(lake_home.warehouse, SqlWarehouse)
    with lake_home.warehouse.engine.connect() as connection:
        (row,) = connection.execute(select(KEY)).mappings()
    assert row["key_hash"] == hash_key(text)
    assert [name for name, value in row.items() if text[8:] in str(value)] == []


def test_a_key_acts_for_its_owner_with_the_lower_role(lake_home: Parts) -> None:
    boss = owner(lake_home, "boss", Role.ADMIN)
    owner(lake_home, "other", Role.ADMIN)
    _, writer = create_api_key(lake_home.warehouse, boss, "import", Role.WRITER, 30)
    checker = ApiKeyChecker(lake_home.warehouse)
    assert (checker.user_of_key(writer).name, checker.user_of_key(writer).role) == ("boss", Role.WRITER)
    put_user(lake_home.warehouse, "boss", Role.READER)
    assert checker.user_of_key(writer).role is Role.READER
    with pytest.raises(ForbiddenError, match="at most the role"):
        create_api_key(lake_home.warehouse, owner(lake_home, "wendy", Role.WRITER), "import", Role.ADMIN, 30)


def test_unknown_revoked_and_expired_keys_and_those_of_removed_users_are_refused(
    lake_home: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    boss = owner(lake_home, "boss", Role.ADMIN)
    owner(lake_home, "other", Role.ADMIN)
    checker = ApiKeyChecker(lake_home.warehouse)
    revoked, first = create_api_key(lake_home.warehouse, boss, "a", Role.READER, 1)
    _, second = create_api_key(lake_home.warehouse, boss, "b", Role.READER, 1)
    _, third = create_api_key(lake_home.warehouse, boss, "c", Role.READER, 10)
    for key in (first, second, third):
        assert checker.user_of_key(key).name == "boss"
    revoke_api_key(lake_home.warehouse, revoked.id, "boss")
    revoke_api_key(lake_home.warehouse, revoked.id, "boss")
    set_clock(monkeypatch, now() + timedelta(days=1, seconds=1))
    assert checker.user_of_key(third).name == "boss"
    remove_user(lake_home.warehouse, "boss", "cli:tester")
    for key in ("tl_unknown", first, second, third, third + "=", "tl_\ud800"):
        with pytest.raises(UnauthorizedError):
            checker.user_of_key(key)
    put_user(lake_home.warehouse, "boss", Role.ADMIN)
    with pytest.raises(UnauthorizedError):
        checker.user_of_key(third)
    with pytest.raises(NotFoundError):
        revoke_api_key(lake_home.warehouse, "unknown", "boss")


def test_the_last_use_is_written_once_a_minute(lake_home: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    _, key = create_api_key(lake_home.warehouse, owner(lake_home, "boss", Role.ADMIN), "import", Role.WRITER, 30)
    checker, first = ApiKeyChecker(lake_home.warehouse), now()
    seen = []
    for seconds in (0, 30, 59, 60, 90):
        set_clock(monkeypatch, first + timedelta(seconds=seconds))
        checker.user_of_key(key)
        seen.append(list_api_keys(lake_home.warehouse)[0].last_used_at)
    assert seen == [first, first, first, first + timedelta(seconds=60), first + timedelta(seconds=60)]


@pytest.mark.sqlite
def test_a_key_is_accepted_although_its_use_cannot_be_written(lake_home: Parts) -> None:
    _, key = create_api_key(lake_home.warehouse, owner(lake_home, "boss", Role.ADMIN), "import", Role.WRITER, 30)
    assert isinstance(lake_home.warehouse, SqlWarehouse)
    with lake_home.warehouse.write() as work:
        work.connection.exec_driver_sql(
            "CREATE TRIGGER no_space BEFORE UPDATE ON api_key BEGIN SELECT RAISE(FAIL, 'database or disk is full'); END"
        )
        work.commit()
    assert ApiKeyChecker(lake_home.warehouse).user_of_key(key).name == "boss"
    assert list_api_keys(lake_home.warehouse)[0].last_used_at is None
