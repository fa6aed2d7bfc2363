"""Small secrets beside the data, each a file that its owner alone can read (mode 0600)."""

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
        """The secret, or None where there is none."""
        try:
            return (self.folder / name).read_bytes()
        except FileNotFoundError:
            return None

    def keep(self, name: str, value: bytes) -> None:
        """Write the secret, over an older one if there is one; a crash leaves the one or the other."""
        fresh = self._fresh(name, value)
        fresh.replace(self.folder / name)

    def forget(self, name: str) -> None:
        """Remove the secret if it is there."""
        (self.folder / name).unlink(missing_ok=True)

    def signing_key(self) -> bytes:
        """The key that tokens are signed with, made by whoever asks first. DamagedError where the file is too short."""
        name = "secret.key"
        key = self.get_or_create(name, lambda: secrets.token_bytes(KEY_BYTES))
        if len(key) < 32:
            raise DamagedError(f"{self.folder / name} is damaged: remove it and start again; tokens given out before stop working")
        return key

    def get_or_create(self, name: str, make: Callable[[], bytes]) -> bytes:
        """The secret, made by whoever asks first: of two makers at once, one wins and both use its."""
        path = self.folder / name
        if not path.exists():
            fresh = self._fresh(name, make())
            try:
                os.link(fresh, path)
            except FileExistsError:
                pass
            finally:
                fresh.unlink()
        return path.read_bytes()

    def _fresh(self, name: str, value: bytes) -> Path:
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f".{name}.{secrets.token_hex(8)}"
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(value)
            file.flush()
            os.fsync(file.fileno())
        return path
