"""The kinds of tables that are read."""

from pathlib import Path

from infrastructure.formats.recogniser_chain import Recogniser
from infrastructure.formats.tables.csv_recogniser import CsvTable
from infrastructure.formats.tables.profiles import load_profiles
from infrastructure.formats.tables.xlsx_recogniser import Workbook


def tables(spool: Path, longest: int, most: int, profiles: Path | None = None) -> list[Recogniser]:
    """The recognisers of tables. `spool` is where they keep what rows became, `longest` the bytes of the largest record, `most` those of the
    largest file unpacked, `profiles` a folder of mapping profiles. StartupError where one of these is broken."""
    found = load_profiles(profiles)
    return [Workbook(spool, found, longest, most), CsvTable(spool, found, longest, most)]
