"""The GitHub workflows: pinned actions, least rights, and the tests on the servers and versions that are promised."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.database_server import GIVEN as GIVEN_POSTGRESQL
from tests.infrastructure.queue.conftest import GIVEN as GIVEN_REDIS

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS: dict[str, Any] = {
    path.name: yaml.safe_load(path.read_text()) for path in sorted((ROOT / ".github/workflows").glob("*.yml"))
}
TEST = WORKFLOWS["ci.yml"]["jobs"]["test"]
MAY_WRITE = {  # the only rights beside reading the repository, by workflow and job
    ("dependencies.yml", "propose"): {"contents", "pull-requests"},
    ("release.yml", "pypi"): {"id-token", "attestations"},
    ("release.yml", "image"): {"packages", "id-token", "attestations"},
    ("release.yml", "github"): {"contents"},
}


def jobs() -> Iterator[tuple[str, str, Any]]:
    for name, workflow in WORKFLOWS.items():
        yield from ((name, job, content) for job, content in workflow["jobs"].items())


@pytest.mark.parametrize("name", WORKFLOWS)
def test_actions_are_pinned_to_a_commit_and_name_its_version(name: str) -> None:
    text = (ROOT / ".github/workflows" / name).read_text()
    used = re.findall(r"uses: (.+)", text)
    assert used
    assert [use for use in used if not re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", use)] == []


def test_a_job_has_no_right_that_it_does_not_need() -> None:
    for name, workflow in WORKFLOWS.items():
        assert workflow["permissions"] == {"contents": "read"}, name
        assert workflow["concurrency"]["group"], name
    for name, job, content in jobs():
        rights = content.get("permissions", {})
        written = {right for right, level in rights.items() if level == "write"}
        assert written == MAY_WRITE.get((name, job), set()), (name, job)
        assert content["timeout-minutes"] <= 90, (name, job)


def test_checkouts_keep_no_credentials_but_where_a_branch_is_pushed() -> None:
    for name, job, content in jobs():
        for step in content["steps"]:
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is ((name, job) == ("dependencies.yml", "propose")), (
                    name,
                    job,
                )


def test_no_expression_is_pasted_into_a_script() -> None:
    pasted = [(name, job) for name, job, content in jobs() for step in content["steps"] if "${{" in step.get("run", "")]
    assert pasted == []


def test_the_tests_run_on_every_python_and_server_that_is_promised() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["requires-python"] == ">=3.11,<3.13"
    assert TEST["strategy"]["matrix"] == {"python": ["3.11", "3.12"], "typesense": ["29.0", "30.1"]}
    images = {service["image"] for service in TEST["services"].values()}
    assert images == {"postgres:17", "valkey/valkey:8", "typesense/typesense:${{ matrix.typesense }}"}


def test_the_tests_are_told_of_the_servers() -> None:
    step = next(step for step in TEST["steps"] if step.get("run") == ".ci/run")
    given = dict(step["env"])
    password = TEST["services"]["postgresql"]["env"]["POSTGRES_PASSWORD"]
    assert f"postgres:{password}@" in given.pop(GIVEN_POSTGRESQL)
    assert given.pop(GIVEN_REDIS) == "redis://127.0.0.1:6379"
    assert given.pop("TENDERLAKE_TEST_TYPESENSE_API_KEY") == TEST["services"]["typesense"]["env"]["TYPESENSE_API_KEY"]
    assert list(given) == ["TENDERLAKE_TEST_TYPESENSE_URL"]
    assert (ROOT / ".ci/run").exists()


def test_dependabot_watches_what_it_can_read() -> None:
    updates = yaml.safe_load((ROOT / ".github/dependabot.yml").read_text())["updates"]
    assert {one["package-ecosystem"] for one in updates} == {"github-actions", "docker", "docker-compose"}


def test_issue_templates_have_what_github_asks_of_them() -> None:
    templates = [path for path in (ROOT / ".github/ISSUE_TEMPLATE").glob("*.yml") if path.name != "config.yml"]
    assert len(templates) == 2
    for path in templates:
        content = yaml.safe_load(path.read_text())
        assert {"name", "description", "body"} <= set(content), path.name
        asked = [part for part in content["body"] if part["type"] != "markdown"]
        assert len({part["id"] for part in asked}) == len(asked), path.name
        assert all(part["attributes"]["label"] for part in asked), path.name
