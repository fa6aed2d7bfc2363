"""Repository of API keys."""

from datetime import datetime

from sqlalchemy import bindparam, select, update

from domain.users.api_key import ApiKey
from domain.users.user import User
from infrastructure.warehouse.repository import Repository, table
from infrastructure.warehouse.users.tables import ApiKeyRow, UserRow

KEY, USER = table(ApiKeyRow), table(UserRow)
USER_COLUMNS = [column.label(f"user_{column.name}") for column in USER.c]
# Built once, as every request with a key uses it.
BY_HASH = (
    select(*KEY.c, *USER_COLUMNS).join(USER, USER.c.name == KEY.c.owner).where(KEY.c.key_hash == bindparam("key_hash"))
)


class ApiKeyRepository(Repository):
    """The table of API keys."""

    def get(self, key_id: str) -> ApiKey | None:
        """The key with this id."""
        row = self.connection.execute(select(KEY).where(KEY.c.id == key_id)).mappings().first()
        return ApiKey(**row) if row else None

    def all(self) -> list[ApiKey]:
        """All keys, oldest first, including revoked and expired ones."""
        query = select(KEY).order_by(KEY.c.created_at, KEY.c.id)
        return [ApiKey(**row) for row in self.connection.execute(query).mappings()]

    def with_owner(self, key_hash: str) -> tuple[ApiKey, User] | None:
        """The key with this hash and its owner; None if the key is unknown or its owner was removed."""
        row = self.connection.execute(BY_HASH, {"key_hash": key_hash}).mappings().first()
        if row is None:
            return None
        return ApiKey(**{name: row[name] for name in ApiKey.model_fields}), User(
            **{name: row[f"user_{name}"] for name in User.model_fields}
        )

    def add(self, key: ApiKey) -> None:
        """Insert the key."""
        self.connection.execute(KEY.insert(), [key.model_dump()])

    def revoke(self, key_id: str, at: datetime) -> None:
        """Revoke the key, unless it is revoked."""
        where = KEY.c.id == key_id, KEY.c.revoked_at.is_(None)
        self.connection.execute(update(KEY).where(*where).values(revoked_at=at))

    def revoke_of_owner(self, owner: str, at: datetime) -> None:
        """Revoke all keys of that owner."""
        where = KEY.c.owner == owner, KEY.c.revoked_at.is_(None)
        self.connection.execute(update(KEY).where(*where).values(revoked_at=at))

    def note_use(self, key_id: str, at: datetime) -> None:
        """Store when the key was last used."""
        self.connection.execute(update(KEY).where(KEY.c.id == key_id).values(last_used_at=at))
