"""The drop folder, step by step: which files are taken, where they go, and the state after a kill at any step."""

import os
import subprocess
import sys
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import orjson
import pytest

from cli.watch.drop_folder import DropFolder
from domain.jobs.job import Job, JobFilter
from domain.shared.errors import UnavailableError
from infrastructure.scratch_installation import DiscardingMessageQueue
from services.jobs.retry_and_cancel import cancel
from services.ports.parts import Parts
from tests.api.jobs.conftest import FOUR, LINES
from tests.cli.conftest import ROOT
from tests.support import drain

CLOCK = count(1_000, 10)


class Folder:
    """A drop folder under test; `look` runs one step, ten seconds after the previous one."""

    def __init__(self, parts: Parts, path: Path) -> None:
        self.parts, self.path = parts, path
        self.drop = DropFolder(parts, path, 10_000, settled=5.0)
        self.drop.prepare()

    def put(self, name: str, content: bytes = FOUR) -> Path:
        (self.path / name).write_bytes(content)
        return self.path / name

    def look(self, times: int = 1, work: bool = True) -> None:
        for _ in range(times):
            self.drop.step(float(next(CLOCK)))
            if work:
                drain(self.parts)

    def load(self) -> None:
        """Run steps until everything that can be loaded is."""
        self.look(4)

    def lies(self) -> list[str]:
        """Files by place, without the reports."""
        files = (path for path in self.path.rglob("*") if path.is_file() and not path.name.endswith(".report.json"))
        return sorted(str(path.relative_to(self.path)) for path in files)

    def report(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = orjson.loads((self.path / f"{name}.report.json").read_bytes())
        return found

    def jobs(self) -> list[Job]:
        with self.parts.warehouse.read() as work:
            found: list[Job] = work.jobs.page(JobFilter(), None, 100)
        return found


@pytest.fixture
def folder(lake_home: Parts, tmp_path: Path) -> Folder:
    return Folder(lake_home, tmp_path / "in")


def test_a_file_is_loaded_and_moved_to_done_with_a_report_beside_it(folder: Folder) -> None:
    folder.put("a.jsonl", LINES)
    folder.load()
    assert folder.lies() == ["done/a.jsonl"]
    (job,) = folder.jobs()
    assert (job.actor, job.filename, job.status) == ("watch", "a.jsonl", "succeeded")
    report = folder.report("done/a.jsonl")
    assert (report["file"], report["status"], report["job"]["id"]) == ("a.jsonl", "succeeded", job.id)
    assert report["counts"] == {"received": 5, "accepted": 4, "unchanged": 0, "quarantined": 1, "processes": 4}
    assert [one["line"] for one in report["errors"]] == [5]
    assert report["more_errors"] is False
    assert (folder.path / "done/a.jsonl").read_bytes() == LINES


@pytest.mark.parametrize(("content", "status"), [(b"{broken", "failed"), (b"", "refused"), (b"x" * 10_001, "refused")])
def test_a_file_that_cannot_be_used_goes_to_failed_with_the_reason(folder: Folder, content: bytes, status: str) -> None:
    folder.put("a.jsonl", content)
    folder.load()
    assert folder.lies() == ["failed/a.jsonl"]
    report = folder.report("failed/a.jsonl")
    assert report["status"] == status
    assert (report.get("error") or report["job"]["error"])["detail"]


def reports(folder: Folder) -> list[str]:
    return sorted(str(path.relative_to(folder.path)) for path in folder.path.rglob("*.report.json"))


def test_a_name_that_is_no_text_costs_that_file_alone(folder: Folder) -> None:
    name = os.fsdecode(b"caf\xe9.jsonl")
    folder.put(name)
    folder.put("later.jsonl")
    folder.load()
    assert folder.lies() == ["done/later.jsonl", f"failed/{name}"]
    report = folder.report(f"failed/{name}")
    assert (report["file"], report["status"]) == ("caf\\xe9.jsonl", "refused")
    assert "not UTF-8 (caf\\xe9.jsonl): rename it" in report["error"]["detail"]
    (folder.path / "failed" / name).rename(folder.path / "café.jsonl")
    folder.load()
    assert "done/café.jsonl" in folder.lies()


@pytest.mark.parametrize(
    "name",
    [
        "x" * 249 + ".jsonl",
        "x" * 238 + ".jsonl",
        "x" * 237 + ".jsonl",
        "采" * 80 + ".jsonl",
        "y" * 255,
        "a." + "z" * 253,
    ],
)
def test_a_name_too_long_for_its_report_is_loaded_under_its_own_name(folder: Folder, name: str) -> None:
    for number in range(2):
        folder.put(name, FOUR if number else LINES)
        folder.put(f"other-{number}.jsonl", b"{broken")
        folder.load()
    done = sorted(path.name for path in (folder.path / "done").iterdir() if not path.name.endswith(".report.json"))
    assert (len(done), name in done) == (2, True)
    told = [orjson.loads((folder.path / one).read_bytes()) for one in reports(folder) if one.startswith("done/")]
    assert [(one["file"], one["status"]) for one in told] == [(name, "succeeded")] * 2
    assert sorted(one["counts"]["received"] for one in told) == [4, 5]
    assert [name for name in folder.lies() if not name.startswith("done/")] == [
        "failed/other-0.jsonl",
        "failed/other-1.jsonl",
    ]


def test_what_goes_wrong_with_one_file_holds_up_no_other(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    take = DropFolder._take

    def fails(drop: DropFolder, path: Path) -> None:
        if path.name == "a.jsonl":
            raise OSError("the network drive went away")
        take(drop, path)

    monkeypatch.setattr(DropFolder, "_take", fails)
    folder.put("a.jsonl")
    folder.put("b.jsonl")
    folder.load()
    assert folder.lies() == ["a.jsonl", "done/b.jsonl"]
    monkeypatch.setattr(DropFolder, "_take", take)
    folder.load()
    assert folder.lies() == ["done/a.jsonl", "done/b.jsonl"]


def test_a_cancelled_job_takes_its_file_to_failed(folder: Folder) -> None:
    folder.put("a.jsonl")
    folder.look(3, work=False)
    cancel(folder.parts.warehouse, folder.parts.messages, folder.jobs()[0].id, "somebody")
    folder.look()
    assert folder.lies() == ["failed/a.jsonl"]
    assert folder.report("failed/a.jsonl")["status"] == "cancelled"


def test_a_file_that_still_grows_is_left_alone_until_it_rests(folder: Folder) -> None:
    path = folder.put("a.jsonl", b"")
    for number in range(4):
        with path.open("ab") as file:
            file.write(FOUR.splitlines(keepends=True)[number])
        folder.look()
        assert folder.lies() == ["a.jsonl"]
    folder.load()
    assert folder.lies() == ["done/a.jsonl"]
    assert folder.report("done/a.jsonl")["counts"]["accepted"] == 4


def test_names_that_say_unfinished_folders_and_links_are_left_alone(folder: Folder, tmp_path: Path) -> None:
    names = [".hidden", "~$a.xlsx", "a.jsonl.part", "a.crdownload", "a.TMP", "a.filepart", "a.jsonl~"]
    for name in names:
        folder.put(name)
    (folder.path / "sub").mkdir()
    (tmp_path / "secret").write_bytes(FOUR)
    (folder.path / "link.jsonl").symlink_to(tmp_path / "secret")
    os.mkfifo(folder.path / "pipe.jsonl")
    folder.load()
    assert folder.lies() == sorted([*names, "link.jsonl"])
    assert folder.jobs() == []
    (folder.path / "a.jsonl.part").rename(folder.path / "a.jsonl")
    folder.load()
    assert "done/a.jsonl" in folder.lies()


def test_the_same_name_twice_is_numbered_and_each_keeps_its_own_report(folder: Folder) -> None:
    for number in range(3):
        folder.put("a.b.jsonl", FOUR if number else LINES)
        folder.load()
    assert folder.lies() == ["done/a.b-2.jsonl", "done/a.b-3.jsonl", "done/a.b.jsonl"]
    assert [
        folder.report(f"done/{name}")["counts"]["unchanged"] for name in ("a.b.jsonl", "a.b-2.jsonl", "a.b-3.jsonl")
    ] == [0, 4, 4]
    assert len({job.id for job in folder.jobs()}) == 3


def test_a_file_of_the_same_name_waits_while_the_first_is_under_way(folder: Folder) -> None:
    folder.put("a.jsonl")
    folder.look(3, work=False)
    folder.put("a.jsonl", FOUR.replace(b"aaaaaa", b"bbbbbb"))
    folder.look(3, work=False)
    assert folder.lies() == ["a.jsonl", "loading/a.jsonl"]
    drain(folder.parts)
    folder.load()
    assert folder.lies() == ["done/a-2.jsonl", "done/a.jsonl"]
    assert [job.counts.accepted for job in folder.jobs()] == [4, 4]


def test_a_file_moved_back_from_failed_is_loaded_again(folder: Folder) -> None:
    folder.put("a.jsonl", b"{broken")
    folder.load()
    (folder.path / "failed/a.jsonl").rename(folder.path / "a.jsonl")
    folder.load()
    assert folder.lies() == ["failed/a-2.jsonl"], "the report of the first time keeps its place"
    assert len(folder.jobs()) == 2


def test_a_file_that_is_written_to_while_it_is_loaded_is_loaded_again_as_it_is_then(folder: Folder) -> None:
    folder.put("a.jsonl")
    folder.look(3, work=False)
    with (folder.path / "loading/a.jsonl").open("ab") as file:
        file.write(FOUR.replace(b"aaaaaa", b"bbbbbb"))
    drain(folder.parts)
    folder.load()
    assert folder.lies() == ["done/a.jsonl"]
    assert [job.counts.accepted for job in folder.jobs()] == [4, 4]
    assert folder.report("done/a.jsonl")["counts"]["unchanged"] == 4


def test_a_file_that_is_taken_away_while_it_is_loaded_is_forgotten(folder: Folder) -> None:
    folder.put("a.jsonl")
    folder.look(3, work=False)
    (folder.path / "loading/a.jsonl").unlink()
    folder.load()
    assert folder.lies() == []
    assert [job.status for job in folder.jobs()] == ["succeeded"]


def test_a_restart_goes_on_with_what_was_under_way_and_makes_no_second_job(folder: Folder) -> None:
    folder.put("a.jsonl")
    folder.look(3, work=False)
    again = Folder(folder.parts, folder.path)
    again.look(3, work=False)
    assert len(again.jobs()) == 1
    again.load()
    assert again.lies() == ["done/a.jsonl"]
    assert again.report("done/a.jsonl")["job"]["id"] == folder.jobs()[0].id


def test_many_files_are_loaded_side_by_side_but_not_all_at_once(folder: Folder) -> None:
    for number in range(60):
        folder.put(
            f"{number:02}.jsonl", b'{"ocid": "ocds-aaaaaa-%d", "id": "1", "date": "2024-01-01T00:00:00Z"}' % number
        )
    folder.look(3, work=False)
    assert len([name for name in folder.lies() if name.startswith("loading/")]) == 50
    drain(folder.parts)
    folder.load()
    folder.load()
    assert len([name for name in folder.lies() if name.startswith("done/")]) == 60


def test_a_queue_that_is_away_holds_nothing_up(folder: Folder, tmp_path: Path) -> None:
    class Away(DiscardingMessageQueue):
        def send(self, actor: str, *args: str) -> None:
            raise UnavailableError("the queue does not answer")

        def pending(self, actor: str) -> set[tuple[str, ...]]:
            raise UnavailableError("the queue does not answer")

        def check(self) -> None:
            raise UnavailableError("the queue does not answer")

    other = Folder(replace(folder.parts, messages=Away()), folder.path)
    other.put("a.jsonl")
    for _ in range(3):
        other.drop.step(float(next(CLOCK)))
    assert [job.status for job in other.jobs()] == ["accepted"]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_kill_at_any_step_neither_loses_nor_repeats_a_file(tmp_path: Path, migrated: Path) -> None:
    call = [sys.executable, "-m", "tests.cli.watch.drop_folder_killer", str(tmp_path), str(migrated)]
    done = subprocess.run(call, cwd=ROOT, capture_output=True, timeout=580, check=False)
    assert done.returncode == 0, done.stderr.decode()[-2_000:]
    rounds = [orjson.loads(line) for line in done.stdout.splitlines()]
    assert [one["killed"] for one in rounds] == [True] * (len(rounds) - 1) + [False]
    assert len(rounds) > 10, (
        "a kill before the claim, the copy, the store, the report, its place, the move: of each of the two files"
    )
    for one in rounds:
        assert one["lies"] == [
            "done/good.jsonl",
            "done/good.jsonl.report.json",
            "failed/bad.jsonl",
            "failed/bad.jsonl.report.json",
        ], one
        assert sorted(job[1:] for job in one["jobs"]) == [["bad.jsonl", "failed"], ["good.jsonl", "succeeded"]], one
