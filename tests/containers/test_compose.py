"""compose.yaml, Dockerfile, .env.example and script/secrets fit together (script/compose-check runs them)."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from cli.main import app

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
SECRET = re.compile(r"\$\{([A-Z_]*(?:PASSWORD|KEY))(?::\?([^}]*))?\}")


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_has_limits_a_health_check_and_few_rights(name: str) -> None:
    service = SERVICES[name]
    assert service["mem_limit"]
    assert service["pids_limit"]
    assert service["stop_grace_period"]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    one_off = service["restart"] == "no"
    assert one_off == (name == "migrate")
    check = service.get("healthcheck", {})
    assert one_off or check.get("test") or name in {"prometheus", "grafana"}


def test_images_are_pinned_and_only_the_own_one_is_built() -> None:
    for name, service in SERVICES.items():
        if "build" in service:
            assert service["image"] == "${TENDERLAKE_IMAGE:-tenderlake:latest}", name
        else:
            assert re.search(r":v?\d", service["image"]), name


def test_ports_are_open_on_this_machine_only_and_without_a_profile_only_that_of_the_api() -> None:
    ports = {name: service.get("ports", []) for name, service in SERVICES.items()}
    assert all(str(port).startswith("127.0.0.1:") for found in ports.values() for port in found)
    assert [name for name, found in ports.items() if found and "profiles" not in SERVICES[name]] == ["api"]


def test_no_secret_has_a_default_and_a_missing_one_names_the_script_that_makes_it() -> None:
    text = (ROOT / "compose.yaml").read_text()
    found = SECRET.findall(text)
    named = {name for name, _ in found}
    explained = {name for name, message in found if "script/secrets > .env" in message}
    assert named == explained
    assert not re.search(r"\$\{[A-Z_]*(PASSWORD|KEY):?-", text)
    example = (ROOT / ".env.example").read_text()
    assert {name for name in named if f"\n{name}=\n" not in example} == set()


def test_the_script_makes_another_secret_for_each_empty_name_and_keeps_it_private(tmp_path: Path) -> None:
    target = tmp_path / ".env"
    for _ in range(2):
        with target.open("ab") as file:
            subprocess.run([ROOT / "script/secrets"], stdout=file, check=True)
    values = re.findall(r"^[A-Z_]+=(.*)$", target.read_text(), re.M)
    example = re.findall(r"^[A-Z_]+=$", (ROOT / ".env.example").read_text(), re.M)
    assert len(values) == len(set(values)) == 2 * len(example)
    assert all(re.fullmatch("[0-9a-f]{48}", value) for value in values)
    assert target.stat().st_mode & 0o077 == 0


def test_every_service_of_the_own_image_runs_a_command_that_exists() -> None:
    commands = {one.name or str(getattr(one.callback, "__name__", "")) for one in app.registered_commands}
    own = {name: service for name, service in SERVICES.items() if "build" in service}
    assert {"api", "worker", "sweep", "watcher", "migrate"} <= set(own)
    assert {service["command"][0] for service in own.values()} <= commands
    scripts = (ROOT / "pyproject.toml").read_text().split("[project.scripts]")[1].split("\n[")[0]
    assert f"\n{own['api']['healthcheck']['test'][1]} = " in scripts
    assert (
        f'HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["{own["api"]["healthcheck"]["test"][1]}"]'
        in DOCKERFILE
    )


def test_processes_wait_for_the_migration_and_the_servers() -> None:
    for name in ("api", "worker", "sweep", "watcher"):
        waits = SERVICES[name]["depends_on"]
        assert waits["migrate"]["condition"] == "service_completed_successfully"
        assert {waits[server]["condition"] for server in ("postgres", "valkey", "typesense")} == {"service_healthy"}


def test_every_named_volume_is_declared_and_used() -> None:
    used = {volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])}
    assert {name for name in used if not name.startswith(".")} == set(COMPOSE["volumes"])


def test_mounted_files_exist() -> None:
    for service in SERVICES.values():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert not source.startswith(".") or (ROOT / source).exists(), source


def test_the_image_gets_the_packages_of_the_product_and_runs_as_nobody_special() -> None:
    allowed = re.findall(r"^!(.+)$", (ROOT / ".dockerignore").read_text(), re.M)
    assert [name for name in allowed if not (ROOT / name).exists()] == []
    packages = re.search(r"^includes = \[(.*)\]", (ROOT / "pyproject.toml").read_text(), re.M)
    assert packages is not None
    assert set(re.findall(r'"(\w+)"', packages[1])) <= set(allowed)
    assert "tests" not in allowed
    assert re.search(r"^USER tenderlake$", DOCKERFILE, re.M)
    assert "--frozen-lockfile" in DOCKERFILE


@pytest.mark.skipif(shutil.which("docker") is None, reason="no docker here")
def test_a_missing_secret_stops_the_start_with_a_line_that_says_what_to_do() -> None:
    if subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode:
        pytest.skip("no compose plugin here")
    environment = {name: value for name, value in os.environ.items() if not SECRET.match(f"${{{name}}}")}
    done = subprocess.run(
        ["docker", "compose", "--env-file", "/dev/null", "config", "-q"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "script/secrets > .env makes all secrets" in done.stderr


def test_without_typesense_nothing_waits_for_it() -> None:
    override = yaml.safe_load((ROOT / "compose.embedded.yaml").read_text().replace("!override", ""))["services"]
    waiting = {name for name, service in SERVICES.items() if "typesense" in service.get("depends_on", {})}
    assert waiting == set(override) - {"typesense"}
    for name in waiting:
        assert set(override[name]["depends_on"]) == set(SERVICES[name]["depends_on"]) - {"typesense"}
        assert override[name]["environment"] == {"TENDERLAKE_TYPESENSE_URL": "${COMPOSE_TYPESENSE_URL-}"}
