"""`up --reload` notices changed, added and removed source files."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.up import source_changes
from cli.up.source_changes import SourceChanges


def test_changed_new_and_removed_files_are_noticed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_changes, "POLL_SECONDS", 0.0)
    (tmp_path / "api").mkdir()
    first, second = tmp_path / "api/app.py", tmp_path / "api/errors.py"
    first.touch()
    changes = SourceChanges(tmp_path)
    assert not changes.found()
    edits: list[Callable[[], None]] = [lambda: os.utime(first, (1, 1)), second.touch, first.unlink]
    for change in edits:
        change()
        assert changes.found()
        assert not changes.found()
    (tmp_path / "api/notes.txt").touch()
    assert not changes.found()
