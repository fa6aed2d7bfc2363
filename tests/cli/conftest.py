"""The command line as a process of its own, against a real server."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.api.conftest import fresh  # noqa: F401
from tests.api.jobs.conftest import Live, live, receiver  # noqa: F401  the fixtures are used by name

ROOT = Path(__file__).parents[2]
Run = Callable[..., "subprocess.CompletedProcess[str]"]


def environment(home: Path, **settings: object) -> dict[str, str]:
    """An environment without settings but these."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("TENDERLAKE_")}
    ours = {f"TENDERLAKE_{name.upper()}": str(value) for name, value in settings.items()}
    return plain | {"TENDERLAKE_DATA_DIR": str(home / "none"), "PYTHONPATH": str(ROOT), "COLUMNS": "200"} | ours


@pytest.fixture
def run(live: Live, tmp_path: Path) -> Run:  # noqa: F811
    """Runs `tenderlake …` against the live server as admin; settings of one's own come as keywords."""

    def call(*args: str, stdin: bytes = b"", **settings: object) -> "subprocess.CompletedProcess[str]":
        env = environment(tmp_path, **{"url": live.url, "password": "admin!"} | settings)
        done = subprocess.run(
            [sys.executable, "-m", "cli.main", *args],
            cwd=tmp_path,
            env=env,
            input=stdin,
            capture_output=True,
            timeout=45,
            check=False,
        )
        return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())

    return call
