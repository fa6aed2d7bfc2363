"""Repositories of users and of the installation."""

from datetime import datetime
from typing import Protocol

from domain.maintenance.installation import Installation
from domain.users.user import User


class UserReader(Protocol):
    """Users of the API."""

    def get(self, name: str) -> User | None: ...
    def all(self) -> list[User]: ...


class UserWriter(UserReader, Protocol):
    """Adding, changing and removing users."""

    def put(self, user: User) -> None: ...
    def remove(self, name: str) -> bool: ...


class InstallationReader(Protocol):
    """The installation that the database belongs to."""

    def get(self) -> Installation | None: ...


class InstallationWriter(InstallationReader, Protocol):
    """Writing it, and the version of its rules."""

    def add(self, installation: Installation, at: datetime) -> None: ...
    def set_rules_version(self, version: int) -> None: ...
