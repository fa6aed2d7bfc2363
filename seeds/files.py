"""The small generated set that comes with the product, in a checkout and in an installed wheel alike."""

from pathlib import Path

DATA = Path(__file__).resolve().parent / "data"
EXPECTED = DATA / "expected.json"


def bundled() -> list[Path]:
    """The files to load, by name; what is in them is counted in `EXPECTED`."""
    return sorted(path for path in DATA.iterdir() if path.name not in {EXPECTED.name, "README.md"})
