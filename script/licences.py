"""Writes docs/licences.md: the licence of every package that pdm.lock names for an installation.

Run `.venv/bin/python -m script.licences` after a change of pdm.lock; tests/test_docs.py compares the two.
"""

import re
import tomllib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs/licences.md"
GROUPS = {"default", "postgres"}  # what an installation holds; tools of developers are left out
SHORT_CHARACTERS = 80  # longer metadata is the text of a licence, not its name
ELSEWHERE = "not installed on Linux with Python 3.11"
HEAD = """# Licences of dependencies

tenderlake is under [AGPL-3.0-or-later](../LICENSE). An installation holds these packages, as
`pdm.lock` pins them; the licences are those of the packages' metadata. `.venv/bin/python -m script.licences` writes
this page.

| package | version | licence |
|---|---|---|
"""


def locked(lock: Path = ROOT / "pdm.lock") -> dict[str, str]:
    """The version of each package of an installation, by name."""
    packages = tomllib.loads(lock.read_text())["package"]
    return {one["name"]: one["version"] for one in packages if GROUPS & set(one.get("groups", ["default"]))}


def licence(name: str) -> str:
    """The licence as the package's metadata names it. ValueError if it names none."""
    try:
        metadata = distribution(name).metadata
    except PackageNotFoundError:
        return ELSEWHERE
    short = (metadata.get_all("License") or [""])[0].strip()
    classified = [one for one in metadata.get_all("Classifier") or [] if one.startswith("License ::")]
    found = (metadata.get_all("License-Expression") or [""])[0] or (
        short if len(short) <= SHORT_CHARACTERS and "\n" not in short else ""
    )
    found = found or ", ".join(classified)
    if not found:
        raise ValueError(f"the metadata of {name} names no licence")
    return re.sub(r"License ::( OSI Approved ::)? ?", "", found)


def page() -> str:
    """The page."""
    return HEAD + "".join(f"| {name} | {version} | {licence(name)} |\n" for name, version in sorted(locked().items()))


if __name__ == "__main__":
    PAGE.write_text(page())
