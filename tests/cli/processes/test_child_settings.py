"""Processes read the settings that their launcher was given, whatever their type."""

from pathlib import Path

import pytest

from cli.processes.environment import process_environment
from infrastructure.settings import Settings

GIVEN = {
    "TRUSTED_PROXIES": "10.0.0.1, 192.168.0.0/16",
    "CORS_ORIGINS": "https://example.org,http://localhost:3000",
    "RED_FLAGS": '{"R003": {"threshold": 20}, "sources": {"ocds-b5fd17": {"R035": {"threshold": 2}}}}',
    "ADMIN_PASSWORD": "päss, word",
    "WEBHOOK_PRIVATE": "true",
    "KEEP_AUDIT_DAYS": "7",
    "LOG_FORMAT": "json",
}


def test_settings_survive_the_way_to_child_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in GIVEN.items():
        monkeypatch.setenv(f"TENDERLAKE_{name}", text)
    settings = Settings(data_dir=tmp_path, _env_file=None)
    for name, text in process_environment(settings, tmp_path, "redis://queue").items():
        monkeypatch.setenv(name, text)
    read = Settings(_env_file=None)
    same = {name.lower() for name in GIVEN}
    assert read.model_dump(include=same) == settings.model_dump(include=same)
    assert read.redis_url == "redis://queue"
