"""The bundled seeds: small generated files that `POST /v1/seed` loads."""

import gzip
from pathlib import Path

import orjson

from seeds.generate import lines, releases

DATA = Path(__file__).parent / "data"
KINDS = (".json", ".jsonl", ".gz")


def bundled() -> list[Path]:
    """The files to load, in order of name."""
    return sorted(path for path in DATA.iterdir() if path.suffix in KINDS)


def make(folder: Path) -> None:
    """Write the bundled files anew; the same bytes every time."""
    folder.mkdir(parents=True, exist_ok=True)
    about = {"uri": "https://procurement.example/package", "version": "1.1", "publishedDate": "2026-01-01T00:00:00Z"}
    about_two = {"publisher": {"name": "Generated publisher", "uid": "seed"}, "license": "https://creativecommons.org/publicdomain/zero/1.0/"}
    package = about | about_two | {"releases": list(releases(70, seed=11))}
    (folder / "1-release-package.json").write_bytes(orjson.dumps(package))
    (folder / "2-releases.jsonl").write_bytes(b"".join(line + b"\n" for line in lines(90, seed=23, of=4, repair=0.12, break_=0.06)))
    by_ocid: dict[str, list[object]] = {}
    for release in releases(50, seed=37, of=5):
        by_ocid.setdefault(release["ocid"], []).append(release)
    records = about | about_two | {"records": [{"ocid": ocid, "releases": found} for ocid, found in by_ocid.items()]}
    (folder / "3-record-package.json").write_bytes(orjson.dumps(records))
    packed = gzip.compress(b"".join(orjson.dumps(release) + b"\n" for release in releases(60, seed=41)), mtime=0)
    (folder / "4-releases.jsonl.gz").write_bytes(packed)
