"""Dashboard and alert rules name metrics that exist, and every alert has its runbook."""

import json
import re
from pathlib import Path

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from tests.api.conftest import Api

ROOT = Path(__file__).parents[3]
METRIC = re.compile(r"\btenderlake_\w+")


@pytest.fixture(scope="module")
def names(full: Api) -> set[str]:
    """The sample names of /metrics."""
    full.client.get("/v1/search")
    families = text_string_to_metric_families(full.stranger.get("/metrics").text)
    return {sample.name for family in families for sample in family.samples if not sample.name.endswith("_created")}


def rules() -> list[dict[str, str]]:
    return [
        rule for group in yaml.safe_load((ROOT / "ops/alerts.yml").read_text())["groups"] for rule in group["rules"]
    ]


def test_alerts_name_metrics_that_exist(names: set[str]) -> None:
    for rule in rules():
        used = set(METRIC.findall(rule["expr"])) | ({"up"} & set(re.findall(r"\bup\b", rule["expr"])))
        assert used, rule["alert"]
        assert used - {"up"} <= names, rule["alert"]


def test_panels_name_metrics_that_exist_and_each_metric_is_shown(names: set[str]) -> None:
    panels = json.loads((ROOT / "ops/grafana/dashboards/tenderlake.json").read_text())["panels"]
    shown = {name for panel in panels for target in panel["targets"] for name in METRIC.findall(target["expr"])}
    assert shown <= names

    def family(name: str) -> str:
        return re.sub(r"_(bucket|sum|count|created)$", "", name)

    assert {family(name) for name in names} == {family(name) for name in shown}


def test_every_alert_has_a_runbook_and_every_runbook_an_alert() -> None:
    page = (ROOT / "docs/operations.md").read_text()
    alerts = [rule["alert"] for rule in rules()]
    assert re.findall(r"^### (Tenderlake\w+)$", page, re.MULTILINE) == alerts
    for rule in yaml.safe_load((ROOT / "ops/alerts.yml").read_text())["groups"][0]["rules"]:
        assert rule["annotations"]["runbook"] == f"docs/operations.md#{rule['alert'].lower()}"


def test_every_metric_is_documented(names: set[str]) -> None:
    page = (ROOT / "docs/operations.md").read_text()
    bare = {re.sub(r"_(bucket|sum|count|created)$", "", name) for name in names}
    assert [name for name in sorted(bare) if f"`{name}`" not in page] == []
