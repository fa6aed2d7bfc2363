"""`tenderlake enrich` over an installation of its own, whose queue is away: the job waits for it."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from domain.jobs.job import JobFilter
from domain.shared.errors import InvalidError
from infrastructure.bootstrap import bootstrap
from infrastructure.settings import Settings
from services.jobs.queries import list_jobs
from tests.services.exchange_rates.server import service
from tests.support import warehouse_of

TRUE = {"2024-01-02": {"USD": 1.25}}


def test_rates_are_asked_for_from_the_command_line(
    migrated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse_of(migrated, tmp_path / "data").close()
    with service(TRUE) as there:
        for name, value in {"DATA_DIR": tmp_path / "data", "RATES_URL": there.url}.items():
            monkeypatch.setenv(f"TENDERLAKE_{name}", str(value))
        asked = CliRunner().invoke(app, ["enrich", "--from", "2024-01-01", "--to", "2024-01-31", "--currency", "USD"])
        assert (asked.exit_code, asked.exception) == (0, None)
        parts = bootstrap(Settings())
        (job,), _ = list_jobs(parts.warehouse, JobFilter())
        assert asked.output.splitlines()[-1] == f"job {job.id} lands frankfurter-2024-01-02..2024-01-02.jsonl"
        assert (job.actor, parts.files.path(job.sha256 or "").read_bytes()) == (
            "cli",
            b'{"date":"2024-01-02","base":"EUR","currency":"USD","rate":1.25}\n',
        )
        nothing = CliRunner().invoke(app, ["enrich"])
        assert (nothing.exit_code, nothing.output.splitlines()[-1]) == (0, "no new exchange rates")
        assert len(there.asked) == 1
        wrong = CliRunner().invoke(app, ["enrich", "--currency", "dollars"])
        assert isinstance(wrong.exception, InvalidError)
    assert (tmp_path / "data" / "rates").exists() is False
    parts.warehouse.close()  # type: ignore[attr-defined]
