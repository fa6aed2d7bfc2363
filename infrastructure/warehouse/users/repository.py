"""Repository of users."""

from sqlalchemy import bindparam, select

from domain.users.user import User
from infrastructure.warehouse.repository import Repository, table
from infrastructure.warehouse.users.tables import UserRow

USER = table(UserRow)
BY_NAME = select(USER).where(USER.c.name == bindparam("name"))  # built once, as every request uses it


class UserRepository(Repository):
    """The table of users; passwords are kept as argon2 hashes only."""

    def get(self, name: str) -> User | None:
        """The user with that name; None if unknown."""
        row = self.connection.execute(BY_NAME, {"name": name}).mappings().first()
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
