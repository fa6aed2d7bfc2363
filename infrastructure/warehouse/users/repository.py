"""Repository of users and their revoked tokens."""

from datetime import datetime

from sqlalchemy import bindparam, exists, select

from domain.users.user import User
from infrastructure.warehouse.repository import Repository, table
from infrastructure.warehouse.users.tables import RevokedTokenRow, UserRow

USER, REVOKED = table(UserRow), table(RevokedTokenRow)
# Built once, as every request uses one of them.
BY_NAME = select(USER).where(USER.c.name == bindparam("name"))
UNLESS_REVOKED = BY_NAME.where(~exists().where(REVOKED.c.id == bindparam("token_id")))


class UserRepository(Repository):
    """The table of users; passwords are kept as argon2 hashes only."""

    def get(self, name: str) -> User | None:
        """The user with that name; None if unknown."""
        row = self.connection.execute(BY_NAME, {"name": name}).mappings().first()
        return User(**row) if row else None

    def get_unless_revoked(self, name: str, token_id: str) -> User | None:
        """The user with that name; None if unknown, or if the token with that id was revoked."""
        row = self.connection.execute(UNLESS_REVOKED, {"name": name, "token_id": token_id}).mappings().first()
        return User(**row) if row else None

    def put(self, user: User) -> None:
        """Add the user, or replace role and password of the one of that name."""
        self.upsert(USER, [user.model_dump()], ["name"])

    def remove(self, name: str) -> bool:
        """Remove the user; whether there was one."""
        return self.connection.execute(USER.delete().where(USER.c.name == name)).rowcount == 1

    def all(self) -> list[User]:
        """All users in the order of their names."""
        return [User(**row) for row in self.connection.execute(select(USER).order_by(USER.c.name)).mappings()]

    def revoke_token(self, token_id: str, expires_at: datetime) -> None:
        """Revoke a token until its expiry."""
        self.upsert(REVOKED, [{"id": token_id, "expires_at": expires_at}], ["id"])

    def forget_revoked_tokens(self, before: datetime) -> None:
        """Delete revoked tokens that had expired before this moment."""
        self.connection.execute(REVOKED.delete().where(REVOKED.c.expires_at < before))
