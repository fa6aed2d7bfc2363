"""Users: authentication by password or token, and roles.

Argon2 takes about half a second and 64 MiB per password. A correct password is therefore cached for a minute, as a
keyed hash with the argon2 hash that it matched, and is valid only while the user still has that hash.
"""

import hmac
import secrets
from collections.abc import Sequence
from datetime import timedelta
from threading import Lock
from time import monotonic
from typing import Any, Protocol
from unicodedata import normalize

import jwt
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from pydantic import BaseModel, SecretStr

from domain.shared.errors import ConflictError, InvalidError, NotFoundError, UnauthorizedError
from domain.users.user import Role, User, is_utf8, valid_name
from services.ports.warehouse import ReadUnitOfWork, Warehouse
from services.saved_searches.management import delete_saved_search
from services.shared.clock import now

ADMIN = "admin"
ADMIN_FILE = "admin-password"
ALGORITHM = "HS256"
PASSWORD_CACHE_SECONDS = 60.0
PASSWORD_CACHE_ENTRIES = 1_000
PASSWORD_MAX_BYTES = 1_024
WRONG_CREDENTIALS = "the user name or the password is wrong"
HASHER = PasswordHash((Argon2Hasher(),))


class SecretFiles(Protocol):
    """Small secrets in the data folder; see infrastructure/files/secret_files.py."""

    def read(self, name: str) -> bytes | None: ...
    def keep(self, name: str, value: bytes) -> None: ...
    def forget(self, name: str) -> None: ...


class Token(BaseModel):
    """A signed token of a user, valid for `seconds`."""

    value: str
    seconds: int


class Authenticator:
    """Checks passwords and tokens against the table of users."""

    def __init__(self, warehouse: Warehouse, key: bytes, token_minutes: int) -> None:
        self.warehouse = warehouse
        self.key = key
        self.lifetime = timedelta(minutes=token_minutes)
        self._lock = Lock()
        self._cache: dict[bytes, tuple[str, float]] = {}
        self._unknown_user_hash: str | None = None

    def cached_user(self, name: str, password: str) -> User | None:
        """The user of that name and password if they are cached; None if `authenticate` must check them."""
        user = self._user(name)
        return user if user and self._is_cached(self._cache_key(name, password), user.password_hash) else None

    def authenticate(self, name: str, password: str) -> User:
        """The user of that name and password. UnauthorizedError if wrong.

        Slow: api/password_checks.py limits concurrency.
        """
        user = self._user(name)
        cache_key = self._cache_key(name, password)
        if user and self._is_cached(cache_key, user.password_hash):
            return user
        given = _bytes(password)
        if (
            len(given) > PASSWORD_MAX_BYTES
            or not HASHER.verify(given, user.password_hash if user else self._hash_of_unknown_user())
            or user is None
        ):
            raise UnauthorizedError(WRONG_CREDENTIALS)
        self._add_to_cache(cache_key, user.password_hash)
        return user

    def issue_token(self, user: User) -> Token:
        """A new token for the user; invalid once the password changes or the user is removed."""
        issued = now()
        claims = {"sub": user.name, "pwd": self._fingerprint(user), "iat": issued, "exp": issued + self.lifetime}
        return Token(value=jwt.encode(claims, self.key, ALGORITHM), seconds=int(self.lifetime.total_seconds()))

    def user_of_token(self, token: str) -> User:
        """The user of the token, with the current role. UnauthorizedError for an invalid or expired token."""
        try:
            claims: dict[str, Any] = jwt.decode(
                token, self.key, [ALGORITHM], options={"require": ["sub", "exp", "pwd"]}
            )
        except jwt.ExpiredSignatureError as error:
            raise UnauthorizedError("the token has expired; get a new one from POST /v1/auth/token") from error
        except Exception as error:  # pylint: disable=broad-exception-caught  # any unreadable token is invalid
            raise UnauthorizedError("the token is invalid") from error
        user, proof = self._user(claims["sub"]), claims["pwd"]
        if (
            user is None
            or not isinstance(proof, str)
            or not hmac.compare_digest(_bytes(proof), _bytes(self._fingerprint(user)))
        ):
            raise UnauthorizedError("the token's user was removed or has a new password")
        return user

    def _user(self, name: str) -> User | None:
        if not valid_name(name):
            return None
        with self.warehouse.read() as work:
            return work.users.get(name)

    def _cache_key(self, name: str, password: str) -> bytes:
        return hmac.digest(self.key, _bytes(name) + b"\0" + _bytes(password), "sha256")

    def _fingerprint(self, user: User) -> str:
        return hmac.digest(self.key, user.password_hash.encode(), "sha256")[:12].hex()

    def _hash_of_unknown_user(self) -> str:
        """A hash for the passwords of unknown names, so that checking them takes as long as for known ones."""
        if self._unknown_user_hash is None:
            self._unknown_user_hash = HASHER.hash(secrets.token_urlsafe())
        return self._unknown_user_hash

    def _is_cached(self, cache_key: bytes, password_hash: str) -> bool:
        with self._lock:
            found, until = self._cache.get(cache_key, ("", 0.0))
        return until > monotonic() and hmac.compare_digest(found, password_hash)

    def _add_to_cache(self, cache_key: bytes, password_hash: str) -> None:
        with self._lock:
            if len(self._cache) >= PASSWORD_CACHE_ENTRIES:
                self._cache.clear()
            self._cache[cache_key] = (password_hash, monotonic() + PASSWORD_CACHE_SECONDS)


def add_user(warehouse: Warehouse, name: str, role: Role, password: str) -> User:
    """Add a user, or replace role and password of the one with that name.

    InvalidError for an unusable name or password; ConflictError if no admin would be left.
    """
    if not valid_name(name):
        raise InvalidError("a user name is 1 to 64 letters, digits, '.', '_', '@' or '-'", name=name)
    if not 1 <= len(_bytes(password)) <= PASSWORD_MAX_BYTES:
        raise InvalidError(f"a password is 1 to {PASSWORD_MAX_BYTES} bytes long")
    if not is_utf8(password):
        raise InvalidError("the password is not UTF-8: no request could send it")
    user = User(name=name, role=role, password_hash=HASHER.hash(_bytes(password)), created_at=now())
    with warehouse.write() as work:
        known = work.users.get(name)
        if role is not Role.ADMIN and _is_last_admin(work, name):
            raise ConflictError(
                f"{name} is the last admin, and would be a {role}; use --role admin, or add another admin first"
            )
        work.users.put(user.model_copy(update={"created_at": known.created_at}) if known else user)
        work.commit()
    return user


def remove_user(warehouse: Warehouse, name: str) -> None:
    """Remove a user and their saved searches. NotFoundError for an unknown user, ConflictError for the last admin."""
    with warehouse.write() as work:
        if work.users.get(name) is None:
            raise NotFoundError(f"there is no user {name}")
        if _is_last_admin(work, name):
            raise ConflictError(f"{name} is the last admin; add another one first")
        for search in work.saved_searches.of_owner(name):
            delete_saved_search(work, search.id)
        work.users.remove(name)
        work.commit()


def _is_last_admin(work: ReadUnitOfWork, name: str) -> bool:
    return [user.name for user in work.users.all() if user.role is Role.ADMIN] == [name]


def list_users(warehouse: Warehouse) -> Sequence[User]:
    """All users by name."""
    with warehouse.read() as work:
        return work.users.all()


def ensure_admin(warehouse: Warehouse, vault: SecretFiles, password: SecretStr | None) -> str | None:
    """Ensure that there is an admin; returns the password generated for `admin`, to be shown once, or None.

    A password in the settings is set at every start; without one, `admin` is created at the first start only.
    """
    users = {user.name: user for user in list_users(warehouse)}
    admin = users.get(ADMIN)
    if password is not None:
        if (
            admin is None
            or admin.role is not Role.ADMIN
            or not HASHER.verify(_bytes(password.get_secret_value()), admin.password_hash)
        ):
            add_user(warehouse, ADMIN, Role.ADMIN, password.get_secret_value())
            vault.forget(ADMIN_FILE)
        return None
    if any(user.role is Role.ADMIN for user in users.values()):
        return None
    generated = secrets.token_urlsafe(18)
    # Stored before the user is added: a crash between the two must not lose it.
    vault.keep(ADMIN_FILE, generated.encode() + b"\n")
    add_user(warehouse, ADMIN, Role.ADMIN, generated)
    return generated


def _bytes(text: str) -> bytes:
    """UTF-8 in composed form (NFC): keyboards and systems encode accents differently (RFC 8265, OpaqueString)."""
    return normalize("NFC", text).encode("utf-8", "surrogatepass")
