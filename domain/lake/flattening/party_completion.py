"""Completes parties with values that only references have; where both differ, `parties` wins, with a note. Pure."""

from collections.abc import Iterator
from typing import Any

import polars as pl

from domain.lake.flattening.organization_identity import normal_name
from domain.lake.flattening.organization_references import ADDRESS, IDENTIFIER, TEXTS, with_identity
from domain.lake.flattening.party_matching import PLACE
from domain.lake.silver import TABLES
from domain.raw_records.note_codes import NOTES

NOTE_CODE = "organization_differs"
NOTE_TEXT_MAX_CHARACTERS = 80  # of a text in a note
COMPARED = [*TEXTS, "folded", "registered"]
# Parts are completed whole: fields of two addresses are never mixed.
PARTS = {
    "party_id": ["party_id"],
    "name": ["name"],
    "legal_name": ["legal_name"],
    "identifier": IDENTIFIER,
    "address": ADDRESS,
}


def complete_parties(party: pl.DataFrame, references: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the parties, each missing part taken from the first reference that has it, and silver `note` rows for
    differences."""
    joined = _joined_to_party(references, party)
    incomplete = joined.filter(pl.any_horizontal(_has(part, "") & ~_has(part, "own_") for part in PARTS))
    if incomplete.height:
        party = with_identity(_completed(party.drop("folded", "registered"), incomplete))
        joined = _joined_to_party(references, party)
    return party, _differences(joined)


def _joined_to_party(references: pl.DataFrame, party: pl.DataFrame) -> pl.DataFrame:
    """Return the references, each with the columns of its party as own_*."""
    own = [pl.col(name).alias(f"own_{name}") for name in COMPARED]
    return references.join(party.select(*PLACE, *own), on=PLACE, maintain_order="left")


def _completed(party: pl.DataFrame, incomplete: pl.DataFrame) -> pl.DataFrame:
    present = {part: pl.when(_has(part, "")).then(pl.struct(names)).drop_nulls() for part, names in PARTS.items()}
    first_values = [value.first().alias(f"_{part}") for part, value in present.items()]
    completions = incomplete.group_by(PLACE, maintain_order=True).agg(first_values)
    wide = party.join(completions, on=PLACE, how="left", maintain_order="left")
    taken = [
        pl.when(_has(part, "")).then(name).otherwise(pl.col(f"_{part}").struct.field(name)).alias(name)
        for part, names in PARTS.items()
        for name in names
    ]
    return wide.with_columns(taken).drop(f"_{part}" for part in PARTS)


def _has(part: str, prefix: str) -> pl.Expr:
    """Whether the part has a value; an identifier's scheme alone is none."""
    names = ADDRESS if part == "address" else [part]
    return pl.any_horizontal(pl.col(f"{prefix}{name}").is_not_null() for name in names)


def _differences(joined: pl.DataFrame) -> pl.DataFrame:
    compared = ["folded", "registered", *ADDRESS]
    rows = joined.filter(pl.any_horizontal(pl.col(name) != pl.col(f"own_{name}") for name in compared))
    seen: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows.iter_rows(named=True):
        at = row["at"].replace("#", str(row["parent"]), 1).replace("#", str(row["payment"]))
        for part, kept, other in _differing(row):
            shown = [text[:NOTE_TEXT_MAX_CHARACTERS] for text in (kept, other)]
            message = f"{NOTES[NOTE_CODE]}: {part} {shown[0]!r} counts, {shown[1]!r} does not"
            note = {
                "silver_batch": row["silver_batch"],
                "ocid": row["ocid"],
                "record_id": None,
                "code": NOTE_CODE,
                "path": at,
                "message": message,
            }
            seen.setdefault((row["ocid"], row["position"], part, other), note)
    return pl.DataFrame(list(seen.values()), schema=TABLES["note"])


def _differing(row: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield (part, value that counts, value that does not) where a reference differs from its party."""
    name = row["name"] or row["legal_name"]
    if (
        row["folded"]
        and row["own_folded"]
        and row["folded"] not in {row["own_folded"], normal_name(row["own_legal_name"] or "")}
    ):
        yield "name", row["own_name"] or row["own_legal_name"], name
    if row["registered"] and row["own_registered"] and row["registered"] != row["own_registered"]:
        yield "identifier", row["own_registered"], row["registered"]
    for part in ADDRESS:
        kept, other = row[f"own_{part}"], row[part]
        if kept and other and kept.casefold() != other.casefold():
            yield part, kept, other
