"""Callers: who they are, what proves it, and how far they reach.

A password costs argon2 about half a second and 64 MiB; so one that was right is remembered for a minute as a keyed hash,
beside the argon2 hash that it matched: it counts only while the user still has that hash.
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
PASSWORD_CACHE_SECONDS = 60.0  # seconds
PASSWORD_CACHE_ENTRIES = 1_000
PASSWORD_MAX_BYTES = 1_024  # bytes of a password
WRONG_CREDENTIALS = "the user name or the password is wrong"
HASHER = PasswordHash((Argon2Hasher(),))


class SecretFiles(Protocol):
    """Small secrets in the data folder; see infrastructure/files/secret_files.py."""

    def read(self, name: str) -> bytes | None: ...
    def keep(self, name: str, value: bytes) -> None: ...
    def forget(self, name: str) -> None: ...


class Token(BaseModel):
    """A signed proof of who someone is, good for `seconds`."""

    value: str
    seconds: int


class Authenticator:
    """Checks passwords and tokens against the table of users."""

    def __init__(self, warehouse: Warehouse, key: bytes, token_minutes: int) -> None:
        self.warehouse = warehouse
        self.key = key
        self.lifetime = timedelta(minutes=token_minutes)
        self._lock = Lock()
        self._right: dict[bytes, tuple[str, float]] = {}
        self._nobody: str | None = None

    def cached_user(self, name: str, password: str) -> User | None:
        """The user of that name and password where they were right lately; None where only `by_password` can tell."""
        user = self._user(name)
        return user if user and self._is_remembered(self._mark(name, password), user.password_hash) else None

    def authenticate(self, name: str, password: str) -> User:
        """The user of that name and password. UnauthorizedError for anyone else. Slow: api/password_checks.py has a few checked at a time."""
        user = self._user(name)
        mark = self._mark(name, password)
        if user and self._is_remembered(mark, user.password_hash):
            return user
        given = _bytes(password)
        if len(given) > PASSWORD_MAX_BYTES or not HASHER.verify(given, user.password_hash if user else self._hash_of_nobody()) or user is None:
            raise UnauthorizedError(WRONG_CREDENTIALS)
        self._remember(mark, user.password_hash)
        return user

    def issue_token(self, user: User) -> Token:
        """A fresh token for the user; it stops working when the password changes or the user goes."""
        issued = now()
        claims = {"sub": user.name, "pwd": self._print(user), "iat": issued, "exp": issued + self.lifetime}
        return Token(value=jwt.encode(claims, self.key, ALGORITHM), seconds=int(self.lifetime.total_seconds()))

    def user_of_token(self, token: str) -> User:
        """The user that the token was made for, with the role of today. UnauthorizedError where it proves nothing (any more)."""
        try:
            claims: dict[str, Any] = jwt.decode(token, self.key, [ALGORITHM], options={"require": ["sub", "exp", "pwd"]})
        except jwt.ExpiredSignatureError as error:
            raise UnauthorizedError("the token has expired; get a new one from POST /v1/auth/token") from error
        except Exception as error:  # pylint: disable=broad-exception-caught  # whatever a token holds, what can't be read proves nothing
            raise UnauthorizedError("the token is not one of ours") from error
        user, proof = self._user(claims["sub"]), claims["pwd"]
        if user is None or not isinstance(proof, str) or not hmac.compare_digest(_bytes(proof), _bytes(self._print(user))):
            raise UnauthorizedError("the token's user is gone or has a new password")
        return user

    def _user(self, name: str) -> User | None:
        if not valid_name(name):
            return None
        with self.warehouse.read() as work:
            found = work.users.get(name)
        return found

    def _mark(self, name: str, password: str) -> bytes:
        return hmac.digest(self.key, _bytes(name) + b"\0" + _bytes(password), "sha256")

    def _print(self, user: User) -> str:
        return hmac.digest(self.key, user.password_hash.encode(), "sha256")[:12].hex()

    def _hash_of_nobody(self) -> str:
        """What the passwords of unknown names are compared with, so that they take as long as known ones."""
        if self._nobody is None:
            self._nobody = HASHER.hash(secrets.token_urlsafe())
        return self._nobody

    def _is_remembered(self, mark: bytes, password_hash: str) -> bool:
        with self._lock:
            found, until = self._right.get(mark, ("", 0.0))
        return until > monotonic() and hmac.compare_digest(found, password_hash)

    def _remember(self, mark: bytes, password_hash: str) -> None:
        with self._lock:
            if len(self._right) >= PASSWORD_CACHE_ENTRIES:
                self._right.clear()
            self._right[mark] = (password_hash, monotonic() + PASSWORD_CACHE_SECONDS)


def add_user(warehouse: Warehouse, name: str, role: Role, password: str) -> User:
    """Add a user, or replace role and password of the one of that name.

    InvalidError for a name or password that can't be; ConflictError where it would leave no admin.
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
            raise ConflictError(f"{name} is the last admin, and would be a {role}; say --role admin, or add another admin first")
        work.users.put(user.model_copy(update={"created_at": known.created_at}) if known else user)
        work.commit()
    return user


def remove_user(warehouse: Warehouse, name: str) -> None:
    """Remove a user, and the searches they saved. NotFoundError where there is none; ConflictError for the last admin."""
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
        users = work.users.all()
    return users


def ensure_admin(warehouse: Warehouse, vault: SecretFiles, password: SecretStr | None) -> str | None:
    """See to it that somebody can sign in: the random password made for `admin`, to be shown once, or None where none was made.

    A password given by the settings is put into force at every start; without one, `admin` is made at the first start only.
    """
    users = {user.name: user for user in list_users(warehouse)}
    admin = users.get(ADMIN)
    if password is not None:
        if admin is None or admin.role is not Role.ADMIN or not HASHER.verify(_bytes(password.get_secret_value()), admin.password_hash):
            add_user(warehouse, ADMIN, Role.ADMIN, password.get_secret_value())
            vault.forget(ADMIN_FILE)
        return None
    if any(user.role is Role.ADMIN for user in users.values()):
        return None
    made = secrets.token_urlsafe(18)
    vault.keep(ADMIN_FILE, made.encode() + b"\n")  # before the user: a crash between the two must not lock everyone out
    add_user(warehouse, ADMIN, Role.ADMIN, made)
    return made


def _bytes(text: str) -> bytes:
    """UTF-8, composed: keyboards and systems differ in how they write an umlaut (RFC 8265, OpaqueString)."""
    return normalize("NFC", text).encode("utf-8", "surrogatepass")
