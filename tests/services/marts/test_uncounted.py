"""A process is counted once in the marts, also if a refresh comes between plan and write of its next version."""

import pytest

from services.marts.refresh import refresh_marts
from services.pipeline.landing.land import land
from services.pipeline.publishing.processes import plan_processes
from services.pipeline.publishing.publish import publish
from services.pipeline.refining.refine import refine
from services.ports.parts import Parts
from tests.support import drain, lines, release, rows, submit


def up_to_gold(parts: Parts, title: str) -> None:
    """Publish a version of the process, without matching."""
    one = release("ocds-test01-1", tender={"id": "t", "title": title, "status": "active"}, id=title)
    land(parts, submit(parts, f"{title}.jsonl", lines([one])))
    refine(parts)
    publish(parts)


@pytest.mark.parametrize("counted_before", [True, False])
def test_a_refresh_between_plan_and_write_counts_nothing_twice(
    lake_home: Parts, monkeypatch: pytest.MonkeyPatch, counted_before: bool
) -> None:
    up_to_gold(lake_home, "one")
    if counted_before:
        refresh_marts(lake_home)

    def planned(*arguments: object) -> object:
        found = plan_processes(*arguments)  # type: ignore[arg-type]
        refresh_marts(lake_home)
        return found

    monkeypatch.setattr("services.pipeline.publishing.publish.plan_processes", planned)
    up_to_gold(lake_home, "two")
    drain(lake_home)
    assert [row["title"] for row in rows(lake_home, "fact_process")] == ["two"]
    assert sum(row["tenders"] for row in rows(lake_home, "mart_competition")) == 1
