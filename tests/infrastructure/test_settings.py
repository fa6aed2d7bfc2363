"""Settings that have a form of their own."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from infrastructure.settings import Settings

JSON = '{"R003": {"threshold": 20}, "sources": {"ocds-b5fd17": {"R003": {"threshold": 10}, "R035": {"threshold": 2}}}}'
TOML = "[R003]\nthreshold = 20\n[sources.ocds-b5fd17]\nR003.threshold = 10\nR035.threshold = 2\n"
YAML = "R003: {threshold: 20}\nsources:\n  ocds-b5fd17:\n    R003: {threshold: 10}\n    R035: {threshold: 2}\n"


@pytest.mark.parametrize(("name", "text"), [("", JSON), ("a.json", JSON), ("a.toml", TOML), ("a.yaml", YAML)])
def test_thresholds_of_red_flags_are_json_or_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, text: str
) -> None:
    if name:
        (tmp_path / name).write_text(text)
    monkeypatch.setenv("TENDERLAKE_RED_FLAGS", str(tmp_path / name) if name else text)
    found = Settings(_env_file=None).red_flags
    assert found.of(None).R003.threshold == 20
    assert (found.of("ocds-b5fd17").R003.threshold, found.of("ocds-b5fd17").R035.threshold) == (10, 2)
    assert found.of("ocds-other1").R035.threshold == 1


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"R003": {"thresold": 20}}', "R003.thresold"),
        ('{"sources": {"ocds-b5fd17": {"R018": {"procurement_methods": 7}}}}', "sources.ocds-b5fd17.R018"),
        ('{"R003": {"threshold": -1}}', "R003.threshold"),
        ("{", "red_flags"),
        ("nowhere.toml", "there is no file nowhere.toml"),
        ("15", "must be JSON, or the path of"),
    ],
)
def test_wrong_thresholds_are_refused_with_their_place(monkeypatch: pytest.MonkeyPatch, text: str, reason: str) -> None:
    monkeypatch.setenv("TENDERLAKE_RED_FLAGS", text)
    with pytest.raises(ValidationError, match=reason):
        Settings(_env_file=None)


def test_without_thresholds_those_of_the_methodology_apply(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TENDERLAKE_RED_FLAGS", raising=False)
    found = Settings(_env_file=None).red_flags
    assert (found.R003.threshold, found.R048.minimum_contracting_processes, found.sources) == (15, 20, {})
