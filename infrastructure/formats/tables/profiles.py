"""Mapping profiles: YAML files that map a publisher's columns to OCDS, shipped or in the folder
TENDERLAKE_PROFILES_DIR.
"""

import re
from collections.abc import Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import yaml
from pydantic import Field, ValidationError

from domain.shared.errors import StartupError
from domain.tables.flat_rows import ColumnTarget, RowLayout
from domain.tables.heading_paths import converter, parse
from infrastructure.formats.tables.flat_ocds_plan import KEYS, FlatPlan, columns_of
from infrastructure.formats.tables.profile_cells import (
    Column,
    ListColumn,
    Listed,
    Mapped,
    StrictPart,
    Templated,
    convert,
)

SHIPPED = Path(__file__).parent.parent / "profiles"


class Profile(StrictPart):
    """A publisher's table format; a table that has all `headings` is of this format."""

    name: str = Field(pattern="^[a-z0-9-]+$")
    title: str
    headings: tuple[str, ...] = Field(min_length=1)
    templates: dict[str, str] = Field(
        {}, description="path → text in which {Heading} is replaced by the cell, which may not be blank"
    )
    constants: dict[str, Any] = Field({}, description="field of the release → value")
    columns: dict[str, tuple[Column, ...]]
    lists: tuple[ListColumn, ...] = ()

    def matches(self, headings: Sequence[str]) -> bool:
        """Whether a table with these headings is of this format."""
        return set(map(_plain, self.headings)) <= set(map(_plain, headings))

    def plan(self, headings: Sequence[str], longest: int) -> FlatPlan:
        """The plan for a table with these headings. HeadingError if two columns conflict."""
        where = {_plain(heading): column for column, heading in reversed(list(enumerate(headings)))}
        named = {_plain(heading) for heading in (*self.columns, *(one.column for one in self.lists))}
        doubled = {
            column: f"an earlier column has the heading {heading.strip()!r} too"
            for column, heading in enumerate(headings)
            if _plain(heading) in named and where[_plain(heading)] != column
        }
        targets = [
            ColumnTarget(where[_plain(heading)], parse(one.path), self.converters[heading, one.path])
            for heading, columns in self.columns.items()
            for one in columns
            if _plain(heading) in where
        ]
        texts = [Templated(parse(path), text, where, _plain) for path, text in self.templates.items()]
        lists = [
            (where[_plain(listed.rule.column)], listed) for listed in self.listed if _plain(listed.rule.column) in where
        ]
        width = len(headings)
        whole = Mapped(RowLayout(targets, width), texts, lists)
        keys = Mapped(
            RowLayout([one for one in targets if one.path in KEYS], width), [one for one in texts if one.path in KEYS]
        )
        # Cells used in templates are not converted: ids of releases would change with the date order of the column.
        parts = {column for one in texts for _, column, _ in one.parts}
        columns = columns_of([one for one in targets if one.column not in parts], doubled)
        return FlatPlan(whole, keys, longest, columns, name=self.name, constants=self.constants)

    @cached_property
    def converters(self) -> dict[tuple[str, str], Any]:
        """The converters by heading and path. ValueError if a column has conflicting options."""
        return {
            (heading, column.path): convert(column, converter(parse(column.path)))
            for heading, columns in self.columns.items()
            for column in columns
        }

    @cached_property
    def listed(self) -> list[Listed]:
        """The readers of `lists`. ValueError unless each pattern has one group per field."""
        return [Listed(rule) for rule in self.lists]


def load_profiles(folder: Path | None) -> list[Profile]:
    """The profiles of the folder, then the shipped ones. StartupError with the file and the reason if one is
    invalid.
    """
    if folder is not None and not folder.is_dir():
        raise StartupError(f"TENDERLAKE_PROFILES_DIR is {folder}, which is not a folder")
    return [*(_load_folder(folder) if folder else ()), *_shipped()]


@cache
def _shipped() -> tuple[Profile, ...]:
    return _load_folder(SHIPPED)


def _load_folder(folder: Path) -> tuple[Profile, ...]:
    return tuple(_load(path) for path in sorted(folder.iterdir()) if path.suffix in {".yaml", ".yml"})


def _load(path: Path) -> Profile:
    try:
        profile = Profile.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
        if "ocid" not in profile.templates and not any(
            column.path == "ocid" for columns in profile.columns.values() for column in columns
        ):
            raise ValueError("no column or template has the path ocid")
        RowLayout(
            [ColumnTarget(0, parse(column.path), None) for columns in profile.columns.values() for column in columns], 1
        )
        _ = profile.converters, profile.listed
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise StartupError(
            f"the profile {path} is invalid: {'/'.join(map(str, first['loc']))}: {first['msg']}"
        ) from error
    except (ValueError, re.error, yaml.YAMLError, OSError) as error:
        raise StartupError(f"the profile {path} is invalid: {' '.join(str(error).split())}") from error
    return profile


def _plain(heading: str) -> str:
    return " ".join(heading.split()).lower()
