"""Small secrets in the data folder, each a file readable only by its owner (mode 0600)."""

import os
import secrets
from collections.abc import Callable
from pathlib import Path

from domain.shared.errors import DamagedError

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
        temporary = self._write_temporary(name, value)
        temporary.replace(self.folder / name)

    def remove(self, name: str) -> None:
        """Remove the secret if it exists."""
        (self.folder / name).unlink(missing_ok=True)

    def signing_key(self) -> bytes:
        """The key that signs tokens, created on first use. DamagedError if the file is too short."""
        name = "secret.key"
        key = self.get_or_create(name, lambda: secrets.token_bytes(KEY_BYTES))
        if len(key) < 32:
            raise DamagedError(
                f"{self.folder / name} is damaged: remove it and start again; tokens issued before become invalid",
            )
        return key

    def get_or_create(self, name: str, make: Callable[[], bytes]) -> bytes:
        """The secret, created on first use. Of two concurrent creators one wins, and both get its secret."""
        path = self.folder / name
        if not path.exists():
            temporary = self._write_temporary(name, make())
            try:
                os.link(temporary, path)
            except FileExistsError:
                pass
            finally:
                temporary.unlink()
        return path.read_bytes()

    def _write_temporary(self, name: str, value: bytes) -> Path:
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f".{name}.{secrets.token_hex(8)}"
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(value)
            file.flush()
            os.fsync(file.fileno())
        return path
