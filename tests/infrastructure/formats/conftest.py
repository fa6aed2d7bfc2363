"""Sources over a folder of its own for each test."""

from pathlib import Path

import pytest

from tests.infrastructure.formats.support import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)
