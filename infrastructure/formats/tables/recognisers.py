"""The recognisers of tables."""

from pathlib import Path

from infrastructure.formats.recogniser_chain import Recogniser
from infrastructure.formats.tables.csv_recogniser import CsvTable
from infrastructure.formats.tables.profiles import load_profiles
from infrastructure.formats.tables.xlsx_recogniser import Workbook


def tables(spool: Path, longest: int, most: int, profiles: Path | None = None) -> list[Recogniser]:
    """The recognisers of CSV and XLSX. `spool` is the folder of the spools, `longest` the most bytes of a record,
    `most` of an unpacked file, `profiles` a folder of mapping profiles. StartupError if a profile is invalid.
    """
    found = load_profiles(profiles)
    return [Workbook(spool, found, longest, most), CsvTable(spool, found, longest, most)]
