"""Repositories of users, their API keys and revoked tokens, and of the installation."""

from datetime import datetime
from typing import Protocol

from domain.maintenance.installation import Installation
from domain.users.api_key import ApiKey
from domain.users.security_event import SecurityAction, SecurityEvent
from domain.users.user import User


class UserReader(Protocol):
    """Users of the API."""

    def get(self, name: str) -> User | None: ...
    def get_unless_revoked(self, name: str, token_id: str) -> User | None: ...
    def all(self) -> list[User]: ...


class UserWriter(UserReader, Protocol):
    """Adding, changing and removing users; revoking tokens."""

    def put(self, user: User) -> None: ...
    def remove(self, name: str) -> bool: ...
    def revoke_token(self, token_id: str, expires_at: datetime) -> None: ...
    def forget_revoked_tokens(self, before: datetime) -> None: ...


class ApiKeyReader(Protocol):
    """API keys."""

    def get(self, key_id: str) -> ApiKey | None: ...
    def all(self) -> list[ApiKey]: ...
    def with_owner(self, key_hash: str) -> tuple[ApiKey, User] | None: ...


class ApiKeyWriter(ApiKeyReader, Protocol):
    """Adding and revoking API keys."""

    def add(self, key: ApiKey) -> None: ...
    def revoke(self, key_id: str, at: datetime) -> None: ...
    def revoke_of_owner(self, owner: str, at: datetime) -> None: ...
    def note_use(self, key_id: str, at: datetime) -> None: ...


class SecurityEventReader(Protocol):
    """The security log."""

    def page(self, action: SecurityAction | None, before: int | None, limit: int) -> list[SecurityEvent]: ...


class SecurityEventWriter(SecurityEventReader, Protocol):
    """Writing it."""

    def add(self, action: SecurityAction, actor: str, address: str, subject: str, at: datetime) -> None: ...

    def delete_older(self, before: datetime, limit: int) -> int: ...


class InstallationReader(Protocol):
    """The installation that the database belongs to."""

    def get(self) -> Installation | None: ...


class InstallationWriter(InstallationReader, Protocol):
    """Writing it, and the version of its rules."""

    def add(self, installation: Installation, at: datetime) -> None: ...
    def set_rules_version(self, version: int) -> None: ...
