"""Secrets that are used again, such as those that sign webhooks, sealed for the database by Fernet (AES and HMAC).

The key lies beside the data, so that a copy of the database alone, or of its backup, gives none of them away.
"""

from functools import cached_property
from typing import TYPE_CHECKING

from domain.errors import DamagedError
from infrastructure.files.secrets import Secrets

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

NAME = "sealing.key"


class Seals:
    """The port `Seals` over the key of one data folder, which is made by whoever needs it first."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets

    @cached_property
    def _fernet(self) -> "Fernet":
        from cryptography.fernet import Fernet  # loaded where it is needed: a tenth of a second

        key = self._secrets.made(NAME, Fernet.generate_key)
        try:
            return Fernet(key)
        except ValueError as error:
            raise DamagedError(f"{self._secrets.folder / NAME} is damaged: restore it from a backup") from error

    def seal(self, text: str) -> str:
        """The text as the database keeps it."""
        return self._fernet.encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str:
        """What was sealed. DamagedError where it was sealed with another key."""
        from cryptography.fernet import InvalidToken

        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken as error:
            place = self._secrets.folder / NAME
            advice = "restore that one from a backup, or set the secret anew"
            raise DamagedError(f"{place} is not the key that this secret was sealed with: {advice}") from error
