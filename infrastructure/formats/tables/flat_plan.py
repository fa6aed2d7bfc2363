"""Flat OCDS: neighbouring rows of one release become that release."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

import orjson

from domain.cells import Converter
from domain.flat import CellError, Layout, Merger, Target
from domain.paths import PREFIXES, HeadingError, Path, converter, parse
from domain.record import Kind
from infrastructure.formats.packages import ABOUT
from infrastructure.formats.tables.groups import group_of
from infrastructure.formats.tables.rows import Entry, Problem, Row, Sheet, refusal

KEYS: tuple[Path, ...] = (("ocid",), ("id",), ("date",))
LEFT_OUT = "the release is left out with all its rows"


class Builder(Protocol):
    """Builds a release, or part of one, of a row; CellError."""

    def build(self, cells: Sequence[str]) -> dict[str, Any]: ...


class FlatPlan:
    """Releases of rows. `keys` builds the ocid, id and date alone, `about` what the package says of itself, where headings say it.

    Where the rows are not `identified` they have no release id, and are found by their ocid if another sheet has the release.
    """

    def __init__(
        self,
        layout: Builder,
        keys: Builder,
        longest: int,
        about: Builder | None = None,
        *,
        name: str = "flat OCDS",
        constants: Mapping[str, Any] | None = None,
        identified: bool = True,
    ) -> None:
        self.layout = layout
        self.keys = keys
        self.longest = longest
        self.about = about
        self.name = name
        self.constants = dict(constants or {})
        self.identified = identified

    def entries(self, sheet: Sheet, *, alone: bool) -> Iterator[Entry]:
        """The releases of a sheet, and the rows that are refused."""
        run = Run(self, sheet)
        for row in sheet.rows:
            part, problem = self._part(row)
            key = self._key(row, part)
            if key is None:
                yield refusal(sheet, row, problem or Problem("missing_ocid", "it has no ocid, so it belongs to no contracting process"))
                continue
            if run.key != key:
                yield from run.entries()
                run = Run(self, sheet, key, self._group(*key, alone=alone))
            run.add(row, part, problem)
        yield from run.entries()

    def _group(self, ocid: str, release_id: str, date: str, *, alone: bool) -> str:
        """Rows without a release id go to the release of their ocid, if they have no date to be one of their own."""
        if not release_id and (not date or not (self.identified or alone)):
            return group_of(ocid, None)
        return group_of(ocid, release_id, date)

    def package(self, row: Row) -> bytes:
        """What the row says of the package that the release stood in."""
        said = self.about.build(row.cells) if self.about else None
        return orjson.dumps(said) if said else b""

    def _part(self, row: Row) -> tuple[dict[str, Any] | None, Problem | None]:
        if row.problem is not None:
            return None, row.problem
        try:
            return self.layout.build(row.cells), None
        except CellError as error:
            return None, Problem("wrong_type", error.reason, error.column)

    def _key(self, row: Row, part: Mapping[str, Any] | None) -> tuple[str, str, str] | None:
        """(ocid, release id, date where there is no id), of a bad row too where they can be had; None without an ocid."""
        if part is None:
            try:
                part = self.keys.build(row.cells)
            except (CellError, ValueError, IndexError):
                return None
        ocid, release_id = str(part.get("ocid") or "").strip(), str(part.get("id") or "")
        return (ocid, release_id, "" if release_id else str(part.get("date") or "")) if ocid else None


class Run:
    """Neighbouring rows of one release."""

    def __init__(self, plan: FlatPlan, sheet: Sheet, key: tuple[str, str, str] | None = None, group: str = "") -> None:
        self.plan = plan
        self.sheet = sheet
        self.key = key
        self.group = group
        self.first: Row | None = None
        self.release: dict[str, Any] = {}
        self.merger = Merger()
        self.bytes = 0
        self.refused: list[Entry] = []

    def add(self, row: Row, part: dict[str, Any] | None, problem: Problem | None) -> None:
        """A row; once one of them is refused, the others are only looked at."""
        if self.first is not None:  # a row alone is within the limit
            self.bytes += sum(map(len, row.cells))
        if problem is None and self.bytes > self.plan.longest:
            problem = Problem("too_large", f"the rows of its release have more than {self.plan.longest} bytes") if not self.refused else None
        elif problem is None and part is not None and not self.refused:
            problem = self._merge(row, part)
        if problem is not None:
            self.release = {}
            self.refused.append(
                refusal(self.sheet, row, problem._replace(reason=f"{problem.reason}; {LEFT_OUT}"), self.group, self.key[0] if self.key else None)
            )

    def entries(self) -> Iterator[Entry]:
        """The release, or why it is refused."""
        if self.refused or self.first is None:
            yield from self.refused
            return
        release = self.plan.constants | self.release if self.plan.constants else self.release
        package = self.plan.package(self.first)
        yield Entry(Kind.RELEASES, self.sheet.name, self.first.line, self.first.offset, "", self.group, package, orjson.dumps(release))

    def _merge(self, row: Row, part: dict[str, Any]) -> Problem | None:
        if self.first is None:
            self.first, self.release = row, part
            return None
        conflict = self.merger.merge(self.release, part)
        return Problem("contradicting_rows", f"{conflict}: an earlier row of the release says something else", path=conflict) if conflict else None


def flat_plan(headings: Sequence[str], numbers: Converter, longest: int) -> FlatPlan | None:
    """The plan of a table whose headings are paths; None where they are not. HeadingError where they contradict each other."""
    named = {column: heading for column, heading in enumerate(headings) if heading.strip() and not heading.strip().startswith("#")}
    try:
        paths = {column: parse(heading) for column, heading in named.items()}
    except HeadingError:
        if "ocid" in named.values():
            raise
        return None
    if ("ocid",) not in paths.values() or len(paths) < 2:
        return None
    packed = any(_is_inside(heading) for heading in named.values())
    about = {column for column, path in paths.items() if packed and not _is_inside(named[column]) and path[0] in ABOUT}
    targets = [Target(column, path, converter(path, numbers)) for column, path in paths.items() if column not in about]
    width = len(headings)
    keys = Layout([target for target in targets if target.path in KEYS], width)
    package = Layout([Target(column, paths[column], None) for column in about], width) if about else None
    return FlatPlan(Layout(targets, width), keys, longest, package, identified=("id",) in paths.values())


def _is_inside(heading: str) -> bool:
    return any(heading.strip().startswith("/".join(map(str, prefix)) + "/") for prefix in PREFIXES)
