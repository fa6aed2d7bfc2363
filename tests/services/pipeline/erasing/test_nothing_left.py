"""After a purge no file, row or answer contains the erased content, for every kind and way of upload."""

import csv
import gzip
import io
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import openpyxl
import orjson
import pytest

from domain.raw_records.record import Kind
from infrastructure.embeddings import ConfiguredModels
from services.pipeline.embedding.embed import apply_chosen_model
from services.ports.webhooks import NoWebhookSender
from tests.api.conftest import Api, over
from tests.infrastructure.pdf import pdfs
from tests.services.pipeline.erasing.leftovers import in_tables, kept_segments, traces
from tests.services.raw_records.support import IDS, RECORDS, done, path, release, sound

pytestmark = pytest.mark.slow  # two minutes; test_purge.py has the quick ones

WORD = "Vambrecluster"
HOOK = {"webhook": "https://example.org/hook"}
Json = dict[str, Any]
Way = Callable[[Api], None]


@pytest.fixture
def watched(api: Api) -> Iterator[Api]:
    """The installation with vectors, a webhook for all jobs, and a saved search of each collection."""
    parts = replace(api.parts, embedders=ConfiguredModels("static"), hooks=NoWebhookSender())
    apply_chosen_model(parts.warehouse, parts.embedders)
    with over(api, parts) as watched:
        assert watched.client.post("/v1/webhooks", json={"url": "https://example.org/all"}).status_code == 201
        for collection in ("processes", "organizations", "documents"):
            body = {"name": collection, "query": {"collection": collection}, "webhook": "https://example.org/alerts"}
            assert watched.client.post("/v1/searches", json=body).status_code == 201
        yield watched


def tender(number: int = 1, **fields: Any) -> Json:
    """A release that contains the word in every place: title, parties without ids, award, document, unknown field,
    code.
    """
    award = {
        "id": "a",
        "title": f"{WORD} award",
        "suppliers": [{"name": f"{WORD} Builders"}],
        "value": {"amount": 5, "currency": "GBP"},
        "status": "active",
    }
    document = {"id": "d", "url": f"https://example.org/{WORD}.pdf", "title": WORD}
    item = {"id": "i", "description": WORD, "classification": {"scheme": "CPV", "id": "45000000", "description": WORD}}
    about = {
        "id": "t",
        "title": f"{WORD} enclosure",
        "status": "active",
        "items": [item],
        "documents": [document],
        "procurementMethodDetails": WORD,
    }
    return (
        release(number, buyer={"name": f"{WORD} Council"}, parties=[], tender=about, awards=[award], x_note=WORD)
        | fields
    )


def keyed(name: str) -> dict[str, str]:
    return {"Idempotency-Key": f"{WORD} {name}"}


def upload(api: Api, name: str, content: bytes, **params: str) -> Json:
    return done(
        api,
        api.client.post("/v1/uploads", params={"filename": name} | HOOK | params, content=content, headers=keyed(name)),
    )


def as_csv(*records: Json) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(dict.fromkeys(name for one in records for name in one)))
    writer.writeheader()
    writer.writerows(records)
    return out.getvalue().encode()


def as_xlsx(*records: Json) -> bytes:
    book = openpyxl.Workbook()
    names = list(dict.fromkeys(name for one in records for name in one))
    for row in [names, *([one.get(name) for name in names] for one in records)]:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def as_zip(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "."), content)
    return out.getvalue()


def as_lines(*records: Json) -> bytes:
    return b"".join(orjson.dumps(one) + b"\n" for one in records)


def flat(number: int = 1, word: str = WORD) -> Json:
    ocid = f"ocds-b5fd17-bar-{number}"
    about = {"ocid": ocid, "id": "r1", "date": "2024-03-01T00:00:00Z", "tag": "tender"}
    return about | {"tender/title": f"{word} enclosure", "buyer/name": f"{word} Council"}


# Each row of a record contains the word, except those of the neighbours.
ROWS: dict[Kind, tuple[Json, Json, Json]] = {  # the record, a neighbour, a refused form of the record
    Kind.RELEASES: (tender(), release(2), tender(id="r2", date=f"in {WORD}")),
    Kind.ORGANIZATIONS: (
        {"id": "X-1", "name": f"{WORD} Ministry", "country": "TZ", "locality": WORD},
        {"id": "X-2", "name": "Ministry of Roads", "country": "TZ"},
        {"id": "X-1", "name": [WORD], "country": "TZ"},
    ),
    Kind.EXCHANGE_RATES: (
        RECORDS[Kind.EXCHANGE_RATES] | {"note": WORD},
        RECORDS[Kind.EXCHANGE_RATES] | {"date": "2024-02-01"},
        RECORDS[Kind.EXCHANGE_RATES] | {"rate": WORD},
    ),
    Kind.CLASSIFICATIONS: (
        {"scheme": "CPV", "code": "45000000", "description": f"{WORD} work"},
        {"scheme": "CPV", "code": "45100000", "description": "Site preparation"},
        {"scheme": "CPV", "code": "45000000", "description": [WORD]},
    ),
    Kind.DOCUMENTS: (
        {
            "id": "d/1",
            "filename": f"{WORD}.pdf",
            "title": f"About {WORD}",
            "pages": [{"page": 1, "text": f"{WORD} is sought."}],
            "metadata": {"author": WORD},
        },
        {"id": "d/2", "filename": "other.pdf", "pages": [{"page": 1, "text": "Wombats are sought."}]},
        {"id": "d/1", "filename": f"{WORD}.pdf", "pages": [{"page": WORD}]},
    ),
}
CELLS: dict[Kind, tuple[Json, Json]] = {
    kind: ROWS[kind][:2] for kind in (Kind.ORGANIZATIONS, Kind.EXCHANGE_RATES, Kind.CLASSIFICATIONS)
}
CELLS[Kind.RELEASES] = (flat(), flat(2, "Wombat"))


def posted(api: Api, kind: Kind) -> None:
    record, neighbour, refused = ROWS[kind]
    done(api, api.client.post(path(kind), json=[record, neighbour, refused], params=HOOK, headers=keyed("posted")))
    done(api, api.client.post(path(kind), json=[refused], params=HOOK))


def put(api: Api, kind: Kind) -> None:
    record, neighbour, _ = ROWS[kind]
    done(api, api.client.post(path(kind), json=[RECORDS[kind], neighbour]))
    done(api, api.client.put(path(kind, IDS[kind]), json=record, params=HOOK, headers=keyed("put")))
    done(api, api.client.put(path(kind, IDS[kind]), json=RECORDS[kind]))


def patched(api: Api, kind: Kind) -> None:
    record, neighbour, refused = ROWS[kind]
    done(api, api.client.post(path(kind), json=[RECORDS[kind], neighbour]))
    done(api, api.client.patch(path(kind, IDS[kind]), json=record, params=HOOK, headers=keyed("patched")))
    done(api, api.client.patch(path(kind, IDS[kind]), json=refused, params=HOOK))
    done(api, api.client.patch(path(kind), json=[{"id": IDS[kind], "patch": refused}], params=HOOK))


def deleted(api: Api, kind: Kind) -> None:
    done(api, api.client.delete(path(kind, IDS[kind])))


@pytest.mark.parametrize("kind", list(Kind))
def test_of_a_record_that_came_by_requests_nothing_is_left(watched: Api, kind: Kind) -> None:
    for way in (posted, put, patched, deleted):
        way(watched, kind)
    _purge(watched, kind, IDS[kind])


def _releases_json(api: Api) -> None:
    package = {
        "uri": "https://example.org",
        "version": "1.1",
        "publisher": {"name": "P"},
        "releases": [*ROWS[Kind.RELEASES]],
    }
    upload(api, "package.json", orjson.dumps(package))
    upload(api, "again.json.gz", gzip.compress(orjson.dumps(package)))


def _alone_with_a_telling_name(api: Api) -> None:
    upload(api, f"{WORD}-notice.json", orjson.dumps(tender()))


def _lines_cut_off(api: Api) -> None:
    upload(api, "lines.jsonl", as_lines(*ROWS[Kind.RELEASES]) + orjson.dumps(tender())[:-40] + b"\n")


def _flat_csv(api: Api) -> None:
    upload(api, "flat.csv", as_csv(*CELLS[Kind.RELEASES]))


def _workbook(api: Api) -> None:
    upload(api, "flat.xlsx", as_xlsx(*CELLS[Kind.RELEASES]))


def _archive(api: Api) -> None:
    upload(api, "some.zip", as_zip(**{f"{WORD}__json": orjson.dumps(tender()), "flat__csv": as_csv(flat(3, "Wombat"))}))


def _cancelled(api: Api) -> None:
    waiting = api.client.post(
        "/v1/uploads", params={"filename": f"{WORD}.jsonl"}, content=as_lines(tender(), release(2))
    ).json()
    assert api.client.delete(f"/v1/jobs/{waiting['id']}").json()["status"] == "cancelled"
    asked = api.client.post(path(Kind.RELEASES), json=tender()).json()
    assert api.client.delete(f"/v1/jobs/{asked['id']}").json()["status"] == "cancelled"
    api.work()
    done(api, api.client.post(path(Kind.RELEASES), json=tender()))


def _refused_only(api: Api) -> None:
    failed = upload(api, f"{WORD}.jsonl", as_lines(ROWS[Kind.RELEASES][2]))
    assert failed["status"] == "failed"
    done(api, api.client.post(f"/v1/jobs/{failed['id']}/retry", params=HOOK))
    done(api, api.client.post(path(Kind.RELEASES), json=release(1)))


def _other_versions(api: Api) -> None:
    """The buyer's id stays, as another release uses it; its name contained the word."""
    buyer: Json = {"buyer": {"id": "X-1", "name": f"{WORD} Council"}}
    upload(api, "one.jsonl", as_lines(tender(**buyer)))
    upload(api, "two.jsonl", as_lines(release(1, id="r0", date="2024-01-01T00:00:00Z"), release(2)))


TOGETHER = {
    "alone": [_alone_with_a_telling_name],
    "json": [_releases_json, _lines_cut_off],
    "tables": [_flat_csv, _workbook, _archive],
    "never landed": [_cancelled],
    "never good": [_refused_only],
    "of several": [_other_versions],
}


@pytest.mark.parametrize("ways", TOGETHER.values(), ids=TOGETHER)
def test_of_a_release_that_came_in_files_nothing_is_left(watched: Api, ways: list[Way]) -> None:
    for way in ways:
        way(watched)
    _purge(watched, Kind.RELEASES, IDS[Kind.RELEASES])


@pytest.mark.parametrize("kind", [Kind.ORGANIZATIONS, Kind.EXCHANGE_RATES, Kind.CLASSIFICATIONS])
def test_of_a_row_of_a_reference_table_nothing_is_left(watched: Api, kind: Kind) -> None:
    record, neighbour = CELLS[kind]
    needed = {Kind.ORGANIZATIONS: "name", Kind.EXCHANGE_RATES: "rate", Kind.CLASSIFICATIONS: "description"}[kind]
    refused = record | {needed: WORD if kind is Kind.EXCHANGE_RATES else "", "x_note": WORD}
    for name, form in {"table.csv": as_csv, "table.xlsx": as_xlsx}.items():
        assert upload(watched, name, form(record, neighbour, refused))["counts"]["quarantined"] == 1
    _purge(watched, kind, IDS[kind])


def _one_pdf(api: Api) -> None:
    upload(api, f"{WORD}-file.pdf", pdfs.pdf(f"About {WORD}", title=WORD))
    upload(api, f"{WORD}-copy.pdf", pdfs.pdf(f"About {WORD}", title=WORD))


def _pdf_of_a_process(api: Api) -> None:
    done(api, api.client.post(path(Kind.RELEASES), json=release(1)))
    about = {"filename": f"{WORD}.pdf", "ocid": "ocds-b5fd17-bar-1"}
    answer = api.client.post(
        path(Kind.DOCUMENTS),
        params=about,
        content=pdfs.pdf(WORD),
        headers={"Content-Type": "application/pdf"},
    )
    done(api, answer)


def _locked_pdf(api: Api) -> None:
    job = upload(api, f"{WORD}.pdf", pdfs.encrypted(WORD, user="u"))
    assert job["counts"]["quarantined"] == 1


def _pdfs_in_an_archive(api: Api) -> None:
    upload(
        api,
        "files.zip",
        as_zip(
            **{
                f"{WORD}__pdf": pdfs.encrypted(WORD, user="u"),
                "wombats__pdf": pdfs.pdf("Wombats"),
                "words__txt": b"no file of ours",
            }
        ),
    )


@pytest.mark.parametrize("ways", [[_one_pdf, _pdf_of_a_process], [_locked_pdf], [_pdfs_in_an_archive]])
def test_of_a_pdf_nothing_is_left_its_name_included(watched: Api, ways: list[Way]) -> None:
    for way in ways:
        way(watched)
    items = watched.client.get("/v1/raw/documents").json()["items"]
    telling = [one["id"] for one in items if WORD in orjson.dumps(one).decode()]
    assert telling
    for record_id in telling:
        done(watched, watched.client.delete(path(Kind.DOCUMENTS, record_id), params={"purge": True}))
    _nothing_tells(watched)


def _purge(api: Api, kind: Kind, record_id: str) -> None:
    assert any(WORD in said for _, said in in_tables(api))
    job = done(api, api.client.delete(path(kind, record_id), params={"purge": True, **HOOK}))
    assert job["status"] == "succeeded"
    _nothing_tells(api)
    (entry,) = [one for one in api.client.get("/v1/audit").json()["items"] if one["record_id"] == record_id]
    assert entry["status"] == "done"


def _nothing_tells(api: Api) -> None:
    assert traces(api, WORD) == []
    assert kept_segments(api.settings.data_dir) == []
    assert sound(api) == []


def test_neighbours_keep_their_matches_names_and_reasons(watched: Api) -> None:
    first = upload(watched, "package.jsonl", as_lines(tender(), release(2), release(3), release(4, date="never")))
    done(watched, watched.client.delete("/v1/raw/releases/ocds-b5fd17-bar-3:r1"))
    done(watched, watched.client.delete(path(Kind.RELEASES, IDS[Kind.RELEASES]), params={"purge": True}))
    job = watched.client.get(f"/v1/jobs/{first['id']}").json()
    assert (job["filename"], job["counts"]["accepted"]) == ("package.jsonl", 3)
    (refused,) = watched.client.get(f"/v1/jobs/{first['id']}/errors").json()["items"]
    assert (refused["code"], refused["reason"]) == ("unreadable_date", "date: 'never' is not a date")
    assert "ocds-b5fd17-bar-4" in refused["excerpt"]
    (search,) = [one for one in watched.client.get("/v1/searches").json()["items"] if one["name"] == "processes"]
    assert search["matches"] == 2  # the remaining one, and the deleted one, which is reported once
    done(watched, watched.client.post("/v1/raw/releases", json=release(3)))
    (search,) = [one for one in watched.client.get("/v1/searches").json()["items"] if one["name"] == "processes"]
    assert search["matches"] == 2


def test_a_title_that_a_purged_release_gave_is_that_of_today(watched: Api) -> None:
    upload(watched, "one.jsonl", as_lines(release(1, id="r0", date="2024-01-01T00:00:00Z")))
    upload(watched, "two.jsonl", as_lines(tender(2, id="r9"), release(2, date="2024-01-01T00:00:00Z")))
    (search,) = [one for one in watched.client.get("/v1/searches").json()["items"] if one["name"] == "processes"]
    assert WORD in watched.client.get(search["feed"]).text
    done(watched, watched.client.delete("/v1/raw/releases/ocds-b5fd17-bar-2:r9", params={"purge": True}))
    assert watched.client.get(search["feed"]).text.count("Quokka enclosure</title>") == 2
    _nothing_tells(watched)


def test_a_message_that_named_only_what_was_purged_is_not_sent(watched: Api) -> None:
    upload(watched, "one.jsonl", as_lines(tender()))
    done(watched, watched.client.delete(path(Kind.RELEASES, IDS[Kind.RELEASES]), params={"purge": True}))
    with watched.parts.warehouse.read() as work:
        messages = [one for one in work.deliveries.page(limit=100) if one.event == "search.matched"]
    assert {(one.status, len(one.payload["documents"])) for one in messages} == {("cancelled", 0)}
