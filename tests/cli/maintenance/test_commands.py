"""`tenderlake rebuild`: its command-line arguments."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app

REBUILT = {"silver": "processes refined", "gold": "processes published", "search": "documents indexed"}


@pytest.mark.parametrize(
    ("typed", "made"),
    [
        ([], ["silver", "gold"]),
        (["silver"], ["silver", "gold"]),
        (["gold"], ["gold"]),
        (["search"], ["search"]),
        (["--layer", "search"], ["search"]),
    ],
)
def test_a_layer_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: list[str], made: list[str]
) -> None:
    monkeypatch.setenv("TENDERLAKE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("TENDERLAKE_EMBEDDINGS", "off")
    assert CliRunner().invoke(app, ["migrate"]).exit_code == 0
    done = CliRunner().invoke(app, ["rebuild", *typed])
    assert (done.exit_code, done.output.splitlines()) == (0, [f"0 {REBUILT[layer]}" for layer in made])


@pytest.mark.parametrize("typed", [["gold", "--layer", "search"], ["bronze"], ["gold", "search"]])
def test_what_can_not_be_made_anew_is_said(typed: list[str]) -> None:
    assert CliRunner().invoke(app, ["rebuild", *typed]).exit_code == 2
