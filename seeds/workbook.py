"""A release as a workbook of several sheets, laid out as the OCDS template and the official sample workbooks."""

import io
from collections.abc import Iterator, Mapping, Sequence
from xml.sax.saxutils import escape
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from seeds.case import Json
from seeds.flat import cells

Row = dict[str, str]
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
NESTED = ("items", "documents", "suppliers", "lots", "amendments", "relatedLots", "submissionMethod")


def workbook(release: Json, about: Json) -> bytes:
    """The workbook of one release: sheets for releases, parties, tender, awards and nested arrays.

    The sheet Meta has the package metadata.
    """
    tables = {
        name: [list(dict.fromkeys(key for row in rows for key in row))] for name, rows in _sheets(release).items()
    }
    for name, rows in _sheets(release).items():
        tables[name] += [[row.get(heading, "") for heading in tables[name][0]] for row in rows]
    tables["Meta"] = [list(pair) for pair in cells(about)]
    return _packed(tables)


def _sheets(release: Json) -> dict[str, list[Row]]:
    keys = {name: release[name] for name in ("ocid", "id")}
    tender, awards = release["tender"], release["awards"]
    alone = {key: release[key] for key in ("date", "tag", "language", "initiationType", "buyer")}
    parents = [{"id": award["id"]} for award in awards]
    return {
        "releases": [_row(keys, alone)],
        "parties": [_row(keys, {"parties": [party]}) for party in release["parties"]],
        "tender": [_row(keys, {"tender": _plain(tender)})],
        "tender_items": [_row(keys, {"tender": {"items": [item]}}) for item in tender["items"]],
        "awards": [_row(keys, {"awards": [_plain(award)]}) for award in awards],
        "awards_suppliers": [
            _row(keys, {"awards": [parent | {"suppliers": [one]}]})
            for parent, award in zip(parents, awards, strict=True)
            for one in award["suppliers"]
        ],
    }


def _plain(section: Json) -> Json:
    """The section without its arrays and extensions."""
    return {key: value for key, value in section.items() if key not in NESTED and not key.startswith("x_")}


def _row(keys: Json, rest: Json) -> Row:
    return dict(cells(keys | rest))


def _packed(tables: Mapping[str, Sequence[Sequence[str]]]) -> bytes:
    """An XLSX file without compression and dates, so that its bytes are the same everywhere."""
    out = io.BytesIO()
    with ZipFile(out, "w", ZIP_STORED) as file:
        for name, text in _files(tables):
            file.writestr(ZipInfo(name), XML + text)
    return out.getvalue()


def _files(tables: Mapping[str, Sequence[Sequence[str]]]) -> Iterator[tuple[str, str]]:
    sheets = dict(enumerate(tables, 1))
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    parts = "".join(
        f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{kind}.worksheet+xml"/>' for n in sheets
    )
    yield (
        "[Content_Types].xml",
        (
            f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="xml" ContentType="application/xml"/>'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>{parts}</Types>'
        ),
    )
    yield "_rels/.rels", _relations({"rId1": ("officeDocument", "xl/workbook.xml")})
    named = "".join(f'<sheet name="{escape(name)}" sheetId="{n}" r:id="rId{n}"/>' for n, name in sheets.items())
    yield "xl/workbook.xml", f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>{named}</sheets></workbook>'
    yield (
        "xl/_rels/workbook.xml.rels",
        _relations({f"rId{n}": ("worksheet", f"worksheets/sheet{n}.xml") for n in sheets}),
    )
    for n, name in sheets.items():
        rows = "".join(f'<row r="{at}">{"".join(map(_cell, row))}</row>' for at, row in enumerate(tables[name], 1))
        yield f"xl/worksheets/sheet{n}.xml", f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>'


def _relations(targets: dict[str, tuple[str, str]]) -> str:
    made = "".join(
        f'<Relationship Id="{mark}" Type="{OFFICE}/{kind}" Target="{target}"/>'
        for mark, (kind, target) in targets.items()
    )
    return f'<Relationships xmlns="{PACKAGE}/relationships">{made}</Relationships>'


def _cell(text: str) -> str:
    return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(text)}</t></is></c>'
