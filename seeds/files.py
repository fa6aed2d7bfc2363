"""The bundled sample files, in a checkout and in an installed wheel."""

from pathlib import Path

DATA = Path(__file__).resolve().parent / "data"
EXPECTED = DATA / "expected.json"


def bundled() -> list[Path]:
    """The files to load, by name; `EXPECTED` has their counts."""
    return sorted(path for path in DATA.iterdir() if path.name not in {EXPECTED.name, "README.md"})
