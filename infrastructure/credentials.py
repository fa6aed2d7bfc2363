"""Adapters of passwords (argon2, by pwdlib) and tokens (JSON Web Tokens, by PyJWT)."""

import hmac
import secrets
from datetime import datetime, timedelta

import jwt
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from domain.shared.errors import UnauthorizedError
from services.ports.secrets import TokenClaims

ALGORITHM = "HS256"
PASSWORD_HASHER = PasswordHash((Argon2Hasher(),))  # is an adapter of the port `PasswordHasher`


class JwtSigner:
    """Adapter of the port `TokenSigner`."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def sign(self, user: str, password_fingerprint: str, issued_at: datetime, lifetime: timedelta) -> str:
        """A token with a random id."""
        content = {
            "sub": user,
            "pwd": password_fingerprint,
            "jti": secrets.token_hex(16),
            "iat": issued_at,
            "exp": issued_at + lifetime,
        }
        return jwt.encode(content, self._key, ALGORITHM)

    def verify(self, token: str) -> TokenClaims:
        """The claims of a valid token. UnauthorizedError where it is expired, unreadable or signed by another key."""
        try:
            content = jwt.decode(token, self._key, [ALGORITHM], options={"require": ["sub", "exp", "pwd", "jti"]})
        except jwt.ExpiredSignatureError as error:
            raise UnauthorizedError("the token has expired; get a new one from POST /v1/auth/token") from error
        except Exception as error:  # pylint: disable=broad-exception-caught  # any unreadable token is invalid
            raise UnauthorizedError("the token is invalid") from error
        return TokenClaims(str(content["sub"]), str(content["pwd"]), str(content["jti"]), int(content["exp"]))

    def fingerprint(self, text: str) -> str:
        """A keyed hash of the text."""
        return hmac.digest(self._key, text.encode(), "sha256")[:12].hex()
