"""Small secrets in the data folder, each a file readable only by its owner (mode 0600)."""

import secrets
from collections.abc import Callable
from pathlib import Path

from domain.shared.errors import DamagedError
from infrastructure.system.durable_files import write_atomically
from infrastructure.system.file_permissions import FILE_MODE

KEY_BYTES = 48


class DataFolderSecrets:
    """The secrets of one data folder, by file name."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read(self, name: str) -> bytes | None:
        """The secret; None if it does not exist."""
        try:
            return (self.folder / name).read_bytes()
        except FileNotFoundError:
            return None

    def write(self, name: str, value: bytes) -> None:
        """Write or overwrite the secret; after a crash either the old or the new one exists."""
        write_atomically(self.folder / name, [value], mode=FILE_MODE)

    def remove(self, name: str) -> None:
        """Remove the secret if it exists."""
        (self.folder / name).unlink(missing_ok=True)

    def signing_key(self) -> bytes:
        """The key that signs tokens, created on first use. DamagedError if the file is too short."""
        name = "secret.key"
        key = self.get_or_create(name, lambda: secrets.token_bytes(KEY_BYTES))
        if len(key) < 32:
            raise DamagedError(
                f"{self.folder / name} is damaged: remove it and start again; tokens issued before become invalid"
            )
        return key

    def get_or_create(self, name: str, make: Callable[[], bytes]) -> bytes:
        """The secret, created on first use. Of two concurrent creators one wins, and both get its secret."""
        path = self.folder / name
        if not path.exists():
            write_atomically(path, [make()], mode=FILE_MODE, replace=False)
        return path.read_bytes()
