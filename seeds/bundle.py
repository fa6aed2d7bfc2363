"""Makes seeds/data: one file of each form that publishers use, reference tables, notices of their processes, and
expected.json, whose figures are counted here and not by the code that reads the files."""

import gzip
from collections import Counter
from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from seeds.case import Json
from seeds.files import EXPECTED
from seeds.flat import flat
from seeds.generate import Entry, entries
from seeds.notices import notice
from seeds.publishers import publisher
from seeds.references import classifications, exchange_rates, organizations
from seeds.variants import embedded
from seeds.workbook import workbook


class Bundled(NamedTuple):
    """A bundled file: its form and the parameters of its releases; `only` keeps the releases of one publisher."""

    name: str
    form: str
    releases: int
    seed: int
    publishers: int = 3
    broken: float = 0.0
    repairable: float = 0.0
    only: int | None = None


FILES = (
    Bundled("feed.jsonl", "lines", 90, 11, broken=0.05, repairable=0.12),
    Bundled("ireland-records.json", "records", 130, 12, publishers=2, only=1),
    Bundled("kenya-and-others.jsonl.gz", "lines", 240, 13, publishers=5, broken=0.01, repairable=0.03),
    Bundled("ocds-1.0-releases.json.gz", "embedded", 20, 16, publishers=1),
    Bundled("united-kingdom-flat.csv", "flat", 16, 15, publishers=1),
    Bundled("united-kingdom-workbook.xlsx", "workbook", 60, 17, publishers=1),
    Bundled("united-kingdom-releases.json", "releases", 80, 14, publishers=1, repairable=0.05),
)
NOTICED = FILES[-1]  # the notices belong to processes of this file
NOTICES = 6


def made() -> dict[str, bytes]:
    """Return the contents of the files by name; names in .gz hold the content before gzip."""
    files: dict[str, bytes] = {}
    counts: dict[str, Json] = {}
    documents: dict[str, Json] = {}
    for file in FILES:
        found = list(_entries(file))
        files[file.name] = _FORMS[file.form](file, found)
        counts[file.name] = _counts(found)
        if file is NOTICED:
            for name, ocid, link, content in _notices(found):
                files[name] = content
                documents[name] = {"ocid": ocid, "link": link}
    tables = {
        "organizations.csv": organizations(0, 60),
        "exchange-rates.csv": exchange_rates(),
        "classifications.csv": classifications(),
    }
    files |= tables
    summed = ("releases", "processes", "accepted", "quarantined", "repaired")
    total = {key: sum(each[key] for each in counts.values()) for key in summed}
    expected = {
        "files": counts,
        "total": total,
        "references": {name: _records(content) for name, content in tables.items()},
        "documents": documents,
    }
    files[EXPECTED.name] = orjson.dumps(expected, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    return files


def write(folder: Path) -> list[Path]:
    """Write the files. gzip headers have no name and time: bytes change only with the content (or zlib)."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, content in made().items():
        path = folder / name
        path.write_bytes(gzip.compress(content, 9, mtime=0) if name.endswith(".gz") else content)
        paths.append(path)
    return paths


def _entries(file: Bundled) -> Iterable[Entry]:
    stream = entries(
        file.releases,
        seed=file.seed,
        publishers=file.publishers,
        broken=file.broken,
        repairable=file.repairable,
        text=file.form == "lines",
    )
    if file.form == "workbook":
        return islice(
            (entry for entry in stream if len(entry.release.get("awards", ())) > 1 and "parties" in entry.release), 1
        )
    if file.only is None:
        return stream
    prefix = publisher(file.only).prefix
    return (entry for entry in stream if entry.release["ocid"].startswith(prefix))


def _counts(found: list[Entry]) -> Json:
    """Count the releases; `repaired` counts accepted ones that need a repair or get a note."""
    good = [entry for entry in found if not entry.broken]
    return {
        "releases": len(found),
        "processes": len({entry.release["ocid"] for entry in good}),
        "accepted": len(good),
        "quarantined": len(found) - len(good),
        "repaired": sum(entry.defect is not None for entry in good),
        "defects": dict(sorted(Counter(entry.defect for entry in found if entry.defect).items())),
    }


def _lines(_file: Bundled, found: list[Entry]) -> bytes:
    return b"".join(entry.text + b"\n" for entry in found)


def _about(file: Bundled, version: str) -> Json:
    """Return the metadata of a package."""
    owner = publisher(file.only or 0)
    return {
        "uri": f"{owner.uri}/{file.name}",
        "version": version,
        "publishedDate": "2024-06-30T00:00:00Z",
        "publisher": {"name": owner.name, "uri": owner.uri},
        "license": owner.license,
    }


def _package(file: Bundled, key: str, elements: Iterable[Any], version: str = "1.1") -> bytes:
    """Return a package with one element per line."""
    extensions = {
        "extensions": [
            "https://raw.githubusercontent.com/open-contracting-extensions/ocds_bid_extension/v1.1.5/extension.json"
        ]
    }
    about = _about(file, version) | (extensions if version == "1.1" else {})
    body = b",\n".join(orjson.dumps(element) for element in elements)
    return orjson.dumps(about)[:-1] + f',"{key}":[\n'.encode() + body + b"\n]}\n"


def _releases(file: Bundled, found: list[Entry]) -> bytes:
    return _package(file, "releases", (entry.release for entry in found))


def _embedded(file: Bundled, found: list[Entry]) -> bytes:
    whole = (embedded(entry.release) if "parties" in entry.release else entry.release for entry in found)
    return _package(file, "releases", whole, "1.0")


def _workbook(file: Bundled, found: list[Entry]) -> bytes:
    return workbook(found[0].release, _about(file, "1.1"))


def _record_package(file: Bundled, found: list[Entry]) -> bytes:
    """Return a record package: one OCDS record per process, with embedded releases."""
    records: dict[str, list[Json]] = {}
    for entry in found:
        records.setdefault(entry.release["ocid"], []).append(entry.release)
    return _package(file, "records", ({"ocid": ocid, "releases": releases} for ocid, releases in records.items()))


def _flat(_file: Bundled, found: list[Entry]) -> bytes:
    return flat([entry.release for entry in found])


def _records(table: bytes) -> int:
    """Count the records of a reference table: one per row, for rates one per cell."""
    headings, *rows = table.decode().splitlines()
    return len(rows) * (headings.count(",") if headings.startswith("Date") else 1)


def _notices(found: list[Entry]) -> Iterable[tuple[str, str, str, bytes]]:
    """Yield (name, ocid, kind of link: text, name or url; content) of notices for the first processes with a tender."""
    tenders = {
        entry.release["ocid"]: entry.release
        for entry in reversed(found)
        if not entry.defect and "tender" in entry.release["tag"] and _pdfs(entry.release)
    }
    for number, (ocid, release) in enumerate(sorted(tenders.items())[:NOTICES]):
        link = ("text", "name", "url")[number % 3]
        name = {"text": f"notice-{number + 1}.pdf", "name": f"{ocid}.pdf", "url": _pdfs(release)[0]}[link]
        yield name, ocid, link, notice(release, named=link == "text")


def _pdfs(release: Json) -> list[str]:
    """Return the names of the PDF files that the tender publishes."""
    names = [document["url"].rsplit("/", 1)[-1] for document in release["tender"]["documents"]]
    return [name for name in names if name.endswith(".pdf")]


_FORMS: dict[str, Callable[[Bundled, list[Entry]], bytes]] = {
    "lines": _lines,
    "releases": _releases,
    "records": _record_package,
    "flat": _flat,
    "embedded": _embedded,
    "workbook": _workbook,
}
