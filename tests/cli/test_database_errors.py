"""What commands say where the database refuses them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from script.installation import ROOT
from tests.database_server import DatabaseServer


@pytest.mark.parametrize("command", [["verify"], ["rebuild", "search"], ["user", "list"]])
def test_a_wrong_password_is_told_in_one_line(command: list[str], server: DatabaseServer, tmp_path: Path) -> None:
    url = f"postgresql://nobody:wrong@{server.address}/postgres"
    done = subprocess.run(
        [sys.executable, "-m", "cli.main", *command],
        env=os.environ | {"TENDERLAKE_DATA_DIR": str(tmp_path), "TENDERLAKE_DATABASE_URL": url},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("tenderlake: the warehouse ")
    assert "nobody" in line
    assert "wrong" not in line
