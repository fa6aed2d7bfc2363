"""Encrypts secrets that must be readable again, such as webhook secrets, for the database (Fernet: AES and HMAC).

The key is in the data folder, so that the database or its backup alone discloses none of them.
"""

from functools import cached_property
from typing import TYPE_CHECKING

from domain.shared.errors import DamagedError
from infrastructure.files.secret_files import DataFolderSecrets

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

KEY_FILE = "sealing.key"


class FernetCipher:
    """The port `SecretCipher` with the key of one data folder, created on first use."""

    def __init__(self, secrets: DataFolderSecrets) -> None:
        self._secrets = secrets

    @cached_property
    def _fernet(self) -> "Fernet":
        from cryptography.fernet import Fernet  # imported on use: takes 0.1 s

        key = self._secrets.get_or_create(KEY_FILE, Fernet.generate_key)
        try:
            return Fernet(key)
        except ValueError as error:
            raise DamagedError(f"{self._secrets.folder / KEY_FILE} is damaged: restore it from a backup") from error

    def encrypt(self, text: str) -> str:
        """The encrypted text for the database."""
        return self._fernet.encrypt(text.encode()).decode()

    def decrypt(self, sealed: str) -> str:
        """The decrypted text. DamagedError if it was encrypted with another key."""
        from cryptography.fernet import InvalidToken

        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken as error:
            place = self._secrets.folder / KEY_FILE
            advice = "restore that key from a backup, or set the secret again"
            raise DamagedError(f"{place} is not the key that this secret was encrypted with: {advice}") from error
