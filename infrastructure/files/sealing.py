"""Secrets that are used again, such as those that sign webhooks, sealed for the database by Fernet (AES and HMAC).

The key lies beside the data, so that a copy of the database alone, or of its backup, gives none of them away.
"""

from functools import cached_property
from typing import TYPE_CHECKING

from domain.shared.errors import DamagedError
from infrastructure.files.secret_files import DataFolderSecrets

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

KEY_FILE = "sealing.key"


class FernetCipher:
    """The port `Seals` over the key of one data folder, which is made by whoever needs it first."""

    def __init__(self, secrets: DataFolderSecrets) -> None:
        self._secrets = secrets

    @cached_property
    def _fernet(self) -> "Fernet":
        from cryptography.fernet import Fernet  # loaded where it is needed: a tenth of a second

        key = self._secrets.get_or_create(KEY_FILE, Fernet.generate_key)
        try:
            return Fernet(key)
        except ValueError as error:
            raise DamagedError(f"{self._secrets.folder / KEY_FILE} is damaged: restore it from a backup") from error

    def encrypt(self, text: str) -> str:
        """The text as the database keeps it."""
        return self._fernet.encrypt(text.encode()).decode()

    def decrypt(self, sealed: str) -> str:
        """What was sealed. DamagedError where it was sealed with another key."""
        from cryptography.fernet import InvalidToken

        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken as error:
            place = self._secrets.folder / KEY_FILE
            advice = "restore that one from a backup, or set the secret anew"
            raise DamagedError(f"{place} is not the key that this secret was sealed with: {advice}") from error
