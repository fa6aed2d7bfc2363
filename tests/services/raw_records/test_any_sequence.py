"""Any sequence of single and batch changes leaves what a plain model says; gold and search equal a rebuild."""

from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.raw_records.listing import RawFilter
from domain.raw_records.operations import Op, Operation, Operations
from domain.raw_records.record import Kind
from services.ports.parts import Parts
from services.raw_records.changes import submit_operations
from services.raw_records.queries import get_record, list_records, list_versions
from tests.services.raw_records.support import IDS, RECORDS
from tests.support import drain, job_of, lake_in, verified

TITLES = ("one", "two", None)
Key = tuple[Kind, str]
Step = tuple[list[tuple[Op, Kind, str | None, int | None]], bool]
"""Operations as (op, kind, new mark, required version), and whether they are atomic."""

elements = st.tuples(
    st.sampled_from(Op), st.sampled_from(Kind), st.sampled_from(TITLES), st.sampled_from([None, None, 1, 2])
)
steps = st.tuples(st.lists(elements, min_size=1, max_size=5), st.booleans())


class Model:
    """The expected records: payloads and versions by kind and id."""

    def __init__(self) -> None:
        self.standing: dict[Key, dict[str, Any]] = {}
        self.versions: dict[Key, int] = {}

    def take(self, step: Step) -> None:
        """Apply the operations."""
        before = deepcopy(self.standing), dict(self.versions)
        good = [self._apply(*one) for one in step[0]]
        if step[1] and not all(good):
            self.standing, self.versions = before

    def _apply(self, op: Op, kind: Kind, mark: str | None, at: int | None) -> bool:
        key = (kind, IDS[kind])
        current = self.standing.get(key)
        if op is Op.PURGE and key not in self.versions:
            return False
        if op in {Op.PATCH, Op.DELETE} and current is None:
            return False
        if at is not None and (self.versions[key] if current is not None else 0) != at:
            return False
        if op in {Op.DELETE, Op.PURGE}:
            after = None
        else:
            after = {
                name: value
                for name, value in (RECORDS[kind] if op is Op.PUT else current or {}).items()
                if name != "x_mark"
            }
            after |= {"x_mark": mark} if mark is not None else {}
        if after != current:
            self.versions[key] = self.versions.get(key, 0) + 1
        self.standing.pop(key, None)
        if after is not None:
            self.standing[key] = after
        return True


def operations(step: Step) -> Operations:
    items = []
    for op, kind, mark, at in step[0]:
        whole = {name: value for name, value in (RECORDS[kind] | {"x_mark": mark}).items() if value is not None}
        payload = {Op.PUT: whole, Op.PATCH: {"x_mark": mark}}.get(op)
        items.append(Operation(op=op, kind=kind, id=IDS[kind], payload=payload, if_version=at))
    return Operations(atomic=step[1], items=items)


def _same(parts: Parts, model: Model) -> None:
    for kind in Kind:
        key = (kind, IDS[kind])
        listed, following = list_records(parts.warehouse, parts.lake, kind, RawFilter(), None, 10)
        assert following is None
        assert [one.id for one in listed] == ([key[1]] if key in model.standing else [])
        if key in model.standing:
            found, _ = get_record(parts.warehouse, parts.lake, kind, key[1])
            assert found.payload is not None
            assert model.standing[key].items() <= found.payload.items()
            assert found.payload.get("x_mark") == model.standing[key].get("x_mark")
            assert found.version == model.versions[key]
        elif key in model.versions:
            newest = list_versions(parts.warehouse, parts.lake, kind, key[1])[0]
            assert (newest.version, newest.deleted) == (model.versions[key], True)


@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(run=st.lists(st.tuples(steps, st.booleans()), min_size=1, max_size=6))
def test_any_sequence_of_changes_leaves_what_a_plain_model_says(
    tmp_path_factory: Any, migrated: Path, run: Sequence[tuple[Step, bool]]
) -> None:
    home = tmp_path_factory.mktemp("any")
    model = Model()
    with lake_in(home, migrated) as parts:
        jobs = []
        for step, rest in run:
            model.take(step)
            jobs.append(
                submit_operations(
                    parts.warehouse,
                    parts.messages,
                    parts.files,
                    operations(step),
                    actor="tester",
                    filename="operations.jsonl",
                )
            )
            if rest:
                drain(parts)
        drain(parts)
        assert {job_of(parts, job.id).status for job in jobs} <= {"succeeded", "failed"}
        _same(parts, model)
        assert verified(parts, home) == []


@pytest.mark.parametrize("kind", [Kind.RELEASES, Kind.DOCUMENTS])
@pytest.mark.parametrize(
    ("requests", "rest"),
    [
        ([[Op.PUT, Op.PURGE, Op.PUT]], False),
        ([[Op.PUT, Op.PURGE]], False),
        ([[Op.PUT], [Op.PURGE, Op.PUT]], False),
        ([[Op.PUT], [Op.PURGE, Op.PUT]], True),
        ([[Op.PUT, Op.PURGE, Op.PUT, Op.PURGE, Op.PUT]], False),
    ],
)
def test_a_purge_leaves_what_follows_it_in_the_same_request(
    tmp_path: Path, migrated: Path, requests: list[list[Op]], rest: bool, kind: Kind
) -> None:
    model = Model()
    with lake_in(tmp_path, migrated) as parts:
        for number, ops in enumerate(requests):
            step: Step = ([(op, kind, TITLES[(number + at) % 2], None) for at, op in enumerate(ops)], False)
            model.take(step)
            submit_operations(
                parts.warehouse,
                parts.messages,
                parts.files,
                operations(step),
                actor="tester",
                filename="operations.jsonl",
            )
            if rest:
                drain(parts)
        drain(parts)
        _same(parts, model)
        assert verified(parts, tmp_path) == []
