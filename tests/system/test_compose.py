"""compose.yaml and .env.example agree with the docs, and contain no secret."""

import re
from pathlib import Path
from typing import Any

import yaml

from infrastructure.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
TYPESENSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]["typesense"]


def test_the_compose_file_starts_a_typesense_29_that_only_this_machine_reaches() -> None:
    assert re.fullmatch(r"typesense/typesense:29\.\d+", TYPESENSE["image"])
    assert TYPESENSE["ports"] == ["127.0.0.1:8108:8108"]


def test_its_data_lies_in_a_named_volume_that_is_declared() -> None:
    volume, place = TYPESENSE["volumes"][0].split(":")
    assert place == TYPESENSE["environment"]["TYPESENSE_DATA_DIR"]
    assert volume in yaml.safe_load((ROOT / "compose.yaml").read_text())["volumes"]


def test_it_is_healthy_when_the_server_says_so() -> None:
    check = TYPESENSE["healthcheck"]
    assert check["test"][0] == "CMD"
    assert "/health" in check["test"][-1]
    assert {"interval", "timeout", "retries"} <= set(check)


def test_its_key_comes_from_the_env_file_and_is_nowhere_written() -> None:
    key = TYPESENSE["environment"]["TYPESENSE_API_KEY"]
    assert re.fullmatch(r"\$\{TENDERLAKE_TYPESENSE_API_KEY:\?.+\}", key)
    assert "TENDERLAKE_TYPESENSE_API_KEY=\n" in (ROOT / ".env.example").read_text()


def test_the_two_lines_of_the_example_point_at_that_server() -> None:
    lines = dict(
        line.split("=", 1)
        for line in (ROOT / ".env.example").read_text().splitlines()
        if line and not line.startswith("#")
    )
    assert set(lines) == {"TENDERLAKE_TYPESENSE_URL", "TENDERLAKE_TYPESENSE_API_KEY"}
    settings = Settings(_env_file=None, typesense_url=lines["TENDERLAKE_TYPESENSE_URL"])
    assert settings.typesense_url == "http://" + TYPESENSE["ports"][0].rsplit(":", 1)[0]
