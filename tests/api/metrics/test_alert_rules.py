"""Alert rules and configuration of Prometheus, checked by `promtool`: syntax, and when each alert fires."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import yaml

from tests.database_server import need

ROOT = Path(__file__).parents[3]
CASES = Path(__file__).parent / "alerts.test.yml"


def promtool(*arguments: str | Path) -> tuple[int, str]:
    """Exit code and output of promtool."""
    program = shutil.which("promtool")
    need(program, package="prometheus")
    done = subprocess.run(
        [str(program), *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=30
    )
    return done.returncode, done.stdout


def test_configuration_and_rules_are_valid() -> None:
    code, output = promtool("check", "config", "--lint=all", "--lint-fatal", ROOT / "ops/prometheus.yml")
    assert code == 0, output
    assert "1 rule files found" in output


def test_each_alert_fires_when_it_should_and_not_before() -> None:
    code, output = promtool("test", "rules", CASES)
    assert code == 0, output


def test_a_rule_that_never_fires_fails_its_test(tmp_path: Path) -> None:
    rules = (ROOT / "ops/alerts.yml").read_text()
    assert "ignoring(outcome)" in rules
    (tmp_path / "alerts.yml").write_text(rules.replace("ignoring(outcome)", ""))
    cases = yaml.safe_load(CASES.read_text()) | {"rule_files": [str(tmp_path / "alerts.yml")]}
    (tmp_path / "alerts.test.yml").write_text(yaml.safe_dump(cases))
    code, output = promtool("test", "rules", tmp_path / "alerts.test.yml")
    assert (code, output.count("alertname: TenderlakeRecordsQuarantined")) == (1, 1), output


def test_every_alert_has_a_case_in_which_it_fires_and_one_in_which_it_does_not() -> None:
    cases = [case for test in yaml.safe_load(CASES.read_text())["tests"] for case in test["alert_rule_test"]]
    groups: list[dict[str, Any]] = yaml.safe_load((ROOT / "ops/alerts.yml").read_text())["groups"]
    alerts = {rule["alert"] for group in groups for rule in group["rules"]}
    assert {case["alertname"] for case in cases if case["exp_alerts"]} == alerts
    assert {case["alertname"] for case in cases if not case["exp_alerts"]} == alerts
