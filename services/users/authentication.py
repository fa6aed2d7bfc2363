"""Authentication of users by password, token or API key.

Argon2 takes about half a second and 64 MiB per password. A correct password is therefore cached for a minute, as a
keyed hash with the argon2 hash that it matched, and is valid only while the user still has that hash.
"""

import hmac
import secrets
from datetime import UTC, datetime, timedelta
from threading import Lock
from time import monotonic

from pydantic import BaseModel

from domain.shared.errors import UnauthorizedError
from domain.users.api_key import PREFIX
from domain.users.user import PASSWORD_MAX_BYTES, User, password_bytes, valid_name
from services.ports.secrets import PasswordHasher, TokenClaims, TokenSigner
from services.ports.warehouse import Warehouse
from services.shared.clock import now
from services.users.api_keys import ApiKeyChecker
from services.users.security_log import LoginRecorder, record_login_failure

PASSWORD_CACHE_SECONDS = 60.0
PASSWORD_CACHE_ENTRIES = 1_000
LATEST_EXPIRY_TIMESTAMP = 253_402_214_400  # the last day of the year 9999
WRONG_CREDENTIALS = "the user name or the password is wrong"


class Token(BaseModel):
    """A signed token of a user, valid for `seconds`."""

    value: str
    seconds: int


class Authenticator:
    """Checks passwords and tokens against the table of users."""

    def __init__(
        self, warehouse: Warehouse, passwords: PasswordHasher, tokens: TokenSigner, token_minutes: int
    ) -> None:
        self.warehouse = warehouse
        self.passwords = passwords
        self.tokens = tokens
        self.api_keys = ApiKeyChecker(warehouse)
        self.logins = LoginRecorder(warehouse)
        self.lifetime = timedelta(minutes=token_minutes)
        self._cache_secret = secrets.token_bytes(32)
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
        given = password_bytes(password)
        if (
            len(given) > PASSWORD_MAX_BYTES
            or not self.passwords.verify(given, user.password_hash if user else self._hash_of_unknown_user())
            or user is None
        ):
            raise UnauthorizedError(WRONG_CREDENTIALS)
        self._add_to_cache(cache_key, user.password_hash)
        return user

    def record_failure(self, name: str, address: str) -> None:
        """Count a wrong password in the security log."""
        record_login_failure(self.warehouse, name, address)

    def issue_token(self, user: User) -> Token:
        """A new token for the user; invalid once the password changes or the user is removed."""
        value = self.tokens.sign(user.name, self.tokens.fingerprint(user.password_hash), now(), self.lifetime)
        return Token(value=value, seconds=int(self.lifetime.total_seconds()))

    def user_of_bearer(self, proof: str) -> User:
        """The user of a token or an API key. UnauthorizedError if it is not valid."""
        return self.api_keys.user_of_key(proof) if proof.startswith(PREFIX) else self.user_of_token(proof)

    def user_of_token(self, token: str) -> User:
        """The user of the token, with the current role. UnauthorizedError if it is invalid, expired or revoked."""
        return self._user_of_claims(self.tokens.verify(token))

    def revoke_token(self, token: str) -> User:
        """End a token before its expiry; returns its user. UnauthorizedError as in `user_of_token`."""
        claims = self.tokens.verify(token)
        user, moment = self._user_of_claims(claims), now()
        with self.warehouse.write() as work:
            work.users.forget_revoked_tokens(moment)
            work.users.revoke_token(
                claims.token_id, datetime.fromtimestamp(min(claims.expires, LATEST_EXPIRY_TIMESTAMP), UTC)
            )
            work.commit()
        return user

    def _user_of_claims(self, claims: TokenClaims) -> User:
        user = None
        if valid_name(claims.user):
            with self.warehouse.read() as work:
                user = work.users.get_unless_revoked(claims.user, claims.token_id)
        if user is None or self.tokens.fingerprint(user.password_hash) != claims.password_fingerprint:
            raise UnauthorizedError("the token was revoked, or its user was removed or has a new password")
        return user

    def _user(self, name: str) -> User | None:
        if not valid_name(name):
            return None
        with self.warehouse.read() as work:
            found = work.users.get(name)
        return found

    def _cache_key(self, name: str, password: str) -> bytes:
        return hmac.digest(self._cache_secret, password_bytes(name) + b"\0" + password_bytes(password), "sha256")

    def _hash_of_unknown_user(self) -> str:
        """A hash for the passwords of unknown names, so that checking them takes as long as for known ones."""
        if self._unknown_user_hash is None:
            self._unknown_user_hash = self.passwords.hash(secrets.token_bytes())
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
