"""Tables become records; an unreadable cell is refused with row, column, value and reason, and nothing else is lost."""

import codecs
import csv
import gzip
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.jobs.job import JobCounts, JobStatus
from domain.raw_records.record import AcceptedRecord, Kind, RefusedElement
from domain.shared.errors import InvalidError, TooLargeError
from domain.validation.elements import validate_element
from infrastructure.formats.tables import record_spool as table_spool
from services.ports.parts import Parts
from services.ports.sources import Element
from tests.infrastructure.formats.support import Home
from tests.support import load, quarantined, release, rows, verified

GOLDEN = Path(__file__).parents[3] / "golden" / "csv"
PLAIN = "ocid,id,date,tag,tender/title\n"


def shown(elements: list[Element], refused: list[RefusedElement]) -> dict[str, Any]:
    """Elements and validation results, as in a golden file."""
    good, bad = [], list(refused)
    for element in elements:
        for verdict in validate_element(element.raw, element.place, element.kind):
            if isinstance(verdict, AcceptedRecord):
                place = {name: value for name, value in verdict.place.model_dump().items() if value not in (None, "")}
                good.append(
                    {
                        "kind": str(verdict.kind),
                        "id": verdict.record_id,
                        "place": place,
                        "record": json.loads(element.raw),
                        "package": element.package,
                    }
                )
            else:
                bad.append(verdict)
    told = [
        {"line": one.place.line, "code": one.code, "column": one.path, "value": one.excerpt, "reason": one.reason}
        for one in bad
    ]
    return {"good": good, "refused": sorted(told, key=lambda one: one["line"] or 0)}


def text(rows_of: list[list[Any]], **options: Any) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, **options).writerows(rows_of)
    return out.getvalue().encode()


def records(home: Home, content: bytes, limits: tuple[int, ...] = ()) -> list[dict[str, Any]]:
    elements, refused = home.read(content, limits, "a.csv")
    assert refused == []
    return [json.loads(one.raw) for one in elements]


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.csv")), ids=lambda path: path.stem)
def test_the_golden_tables_are_read_as_recorded(home: Home, path: Path) -> None:
    expected = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    assert shown(*home.read(path.read_bytes(), name=path.name)) == expected


@pytest.mark.parametrize("limit", [1, 2, 3])
@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.csv")), ids=lambda path: path.stem)
def test_slices_of_any_size_give_the_same(home: Home, path: Path, limit: int) -> None:
    expected = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    assert shown(*home.read(path.read_bytes(), [limit] * 100, path.name)) == expected


ENCODINGS = {"utf-8-sig": codecs.BOM_UTF8, "utf-16": b"", "utf-16-le": b"", "iso-8859-1": b"", "utf-8": b""}


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzipped"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_any_delimiter_in_any_encoding_gives_the_same(home: Home, encoding: str, delimiter: str, packed: bool) -> None:
    table = [
        ["ocid", "id", "tender/title"],
        ["ocds-1", "1", "Škola" if encoding != "iso-8859-1" else "École"],
        ["ocds-2", "1", 'a,b;c|d\t"e"\n'],
    ]
    content = text(table, delimiter=delimiter).decode().encode(encoding)
    found = records(home, gzip.compress(content) if packed else content)
    assert [(one["ocid"], one["tender"]["title"]) for one in found] == [(row[0], row[2]) for row in table[1:]]


def test_rows_that_the_spool_was_removed_under_are_read_on_from_the_same_place(home: Home) -> None:
    content = (PLAIN + "".join(f"ocds-{number},1,2024-01-01,tender,T{number}\n" for number in range(10))).encode()
    sha256 = home.add(content)
    first = home.sources.read(sha256, "a.csv", None, 4)
    home.sources.remove_copies(sha256)
    assert list(home.spool.glob("*")) == []
    second = home.sources.read(sha256, "a.csv", first.position, 4)
    assert [json.loads(one.raw)["ocid"] for one in second.elements] == [f"ocds-{number}" for number in range(4, 8)]
    home.sources.remove_copies(sha256)
    assert list(home.spool.glob("*")) == []


def test_each_row_knows_its_line_and_its_offset(home: Home) -> None:
    content = b'ocid,id,tender/title\n\nocds-1,1,"two\nlines"\nocds-2,1,x\n'
    elements, _ = home.read(content, name="a.csv")
    assert [one.place.line for one in elements] == [3, 5]
    assert [content[one.place.offset or 0 :][:6] for one in elements] == [b"ocds-1", b"ocds-2"]


def test_a_row_without_an_id_and_a_date_belongs_to_the_only_release_of_its_process(home: Home) -> None:
    content = b"ocid,id,date,awards/0/id\no1,1,2024-01-01,a\no1,,,b\no2,1,2024-01-01,a\no2,2,2024-01-02,a\no2,,,b\n"
    elements, refused = home.read(content, name="a.csv")
    assert [[award["id"] for award in json.loads(one.raw)["awards"]] for one in elements] == [["a", "b"], ["a"], ["a"]]
    assert [(one.code, one.place.line) for one in refused] == [("ambiguous_row", 6)]


def test_many_releases_whose_rows_stand_apart_come_together(home: Home) -> None:
    table = [
        ["ocid", "id", "awards/0/id"],
        *([f"ocds-{number}", "1", f"a{part}"] for part in range(3) for number in range(500)),
    ]
    found = records(home, text(table), (7, 100, 3))
    assert sorted(one["ocid"] for one in found) == sorted(f"ocds-{number}" for number in range(500))
    assert all([award["id"] for award in one["awards"]] == ["a0", "a1", "a2"] for one in found)


def test_they_come_together_over_many_buckets_too(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_spool, "BUCKET_MAX_BYTES", 2_000)
    test_many_releases_whose_rows_stand_apart_come_together(home)
    assert [path.suffix for path in home.spool.glob("*")] == [".rows"]


LEAF = st.one_of(
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).filter(lambda one: one.strip()),
    st.sampled_from(["1", "x", '"', ",", ";"]),
)
PART = st.fixed_dictionaries({"id": st.integers(1, 9).map(str)}, optional={"title": LEAF, "description": LEAF})


@given(
    st.lists(st.lists(PART, min_size=1, max_size=4, unique_by=lambda one: one["id"]), min_size=1, max_size=5),
    st.booleans(),
    st.sampled_from([1, 2, 50]),
)
def test_what_is_flattened_comes_back(
    tmp_path_factory: pytest.TempPathFactory, processes: list[list[dict[str, str]]], wide: bool, limit: int
) -> None:
    """One row per release with numbered headings, or one row per award."""
    home = Home(tmp_path_factory.mktemp("home"))
    releases: list[dict[str, Any]] = [
        {"ocid": f"ocds-{number}", "id": "1", "awards": awards} for number, awards in enumerate(processes)
    ]
    if wide:
        flat = [
            {
                f"awards/{place}/{key}": value
                for place, award in enumerate(one["awards"])
                for key, value in award.items()
            }
            | one
            for one in releases
        ]
    else:
        flat = [
            {f"awards/0/{key}": value for key, value in award.items()} | one
            for one in releases
            for award in one["awards"]
        ]
    headings = list(dict.fromkeys(key for row in flat for key in row if key != "awards"))
    content = text([headings, *[[row.get(heading, "") for heading in headings] for row in flat]])
    assert records(home, content, (limit,) * 50) == releases


@pytest.mark.parametrize(
    ("headings", "said"),
    [
        ("ocdi,tendre/title", "'ocdi' may be 'ocid'"),
        ("id,tender/title", "needs a column ocid"),
        ("ocid,ocid", "two headings map to ocid"),
        ("ocid,a/0/1", "OCDS has no arrays in arrays"),
        ("ocid,2024", "'2024' is no path"),
        ("Date,USD,EUR", "must not have a column EUR"),
        ("id,organisation_id,name", "both map to id"),
        ("colour,shape", "unknown headings: colour, shape"),
    ],
)
def test_headings_that_mean_nothing_are_refused_with_what_was_expected(home: Home, headings: str, said: str) -> None:
    with pytest.raises(InvalidError, match=said) as raised:
        home.read(f"{headings}\n1,2,3\n".encode(), name="a.csv")
    assert raised.value.detail.startswith("a.csv")
    assert list(home.spool.glob("*")) == []


def test_guesses_are_told_apart_in_the_details(home: Home) -> None:
    with pytest.raises(InvalidError) as raised:
        home.read(b"organisation nam,countri,ident\n1,2,3\n", name="a.csv")
    assert raised.value.details["guesses"]["countri"][0] == "country"
    assert any(one.startswith("exchange rates") for one in raised.value.details["expected"])


def test_lines_that_end_with_a_carriage_return_alone_are_refused(home: Home) -> None:
    with pytest.raises(InvalidError, match="carriage return"):
        home.read(b"ocid,id\rocds-1,1\r", name="a.csv")


def test_a_table_of_headings_alone_holds_nothing(home: Home) -> None:
    assert home.read(PLAIN.encode(), name="a.csv") == ([], [])


def test_a_quoted_cell_that_never_ends_costs_its_row(home: Home) -> None:
    good = "".join(f"ocds-{number},1,2024-01-01,tender,x\n" for number in range(20_000))
    elements, refused = home.read((PLAIN + 'ocds-x,1,2024-01-01,tender,"x\n' + good).encode(), [7_000] * 10, "a.csv")
    assert len(elements) == 20_000
    assert [(one.code, one.place.line) for one in refused] == [("too_large", 2)]
    assert "not closed" in refused[0].reason


def test_many_such_cells_end_soon(home: Home) -> None:
    """Rows that each open a quote that is never closed correctly; parsing resumes at every line."""
    elements, refused = home.read((PLAIN + 'o,1,2024-01-01,tender,"x""\n' * 30_000).encode(), [10_000] * 10, "a.csv")
    assert elements == []
    assert 0 < len(refused) < 30_000


def test_a_line_without_end_costs_itself(home: Home) -> None:
    content = (
        PLAIN
        + "ocds-1,1,2024-01-01,tender,x\nocds-2,1,2024-01-01,tender,"
        + "y" * 200_000
        + "\nocds-3,1,2024-01-01,tender,x\n"
    ).encode()
    elements, refused = home.read(content, name="a.csv")
    assert [json.loads(one.raw)["ocid"] for one in elements] == ["ocds-1", "ocds-3"]
    assert [(one.code, one.place.line) for one in refused] == [("too_large", 3)]


@pytest.mark.parametrize("apart", [False, True])
def test_a_release_of_too_many_rows_is_refused_once(home: Home, apart: bool) -> None:
    line = "ocds-1,1,2024-01-01,tender," + "z" * 100 + "\n"
    between = [f"ocds-b{number},1,2024-01-01,tender,x\n" if apart else "" for number in range(900)]
    elements, refused = home.read((PLAIN + "".join(line + one for one in between)).encode(), name="a.csv")
    assert len(elements) == (900 if apart else 0)
    assert [one.code for one in refused] == ["too_large"]


def test_headings_that_blow_up_small_rows_are_stopped(tmp_path: Path) -> None:
    home = Home(tmp_path, most=1 << 22)
    headings = ",".join(f"{'x' * 400}{number}" for number in range(100))
    with pytest.raises(TooLargeError, match="bytes of JSON"):
        home.read(
            f"ocid,id,{headings}\n".encode()
            + b"".join(b"o%d,1,%s\n" % (number, b",".join([b"1"] * 100)) for number in range(500)),
            name="a.csv",
        )
    home.sources.remove_copies(home.add(b""))
    assert [path for path in home.spool.glob("*") if path.suffix != ".rows"] == []


def test_a_flat_table_ends_in_the_star(lake_home: Parts, tmp_path: Path) -> None:
    job = load(lake_home, "releases.csv", (GOLDEN / "releases.csv").read_bytes())
    assert job.status is JobStatus.SUCCEEDED
    assert job.counts == JobCounts(received=2, accepted=2, processes=2)
    assert [(one["ocid"], float(one["amount"])) for one in rows(lake_home, "fact_process")] == [
        ("ocds-t1-1", 1000.5),
        ("ocds-t1-2", 500.0),
    ]
    assert verified(lake_home, tmp_path / "home") == []


def test_a_table_and_the_same_data_as_json_lines_are_the_same_records(lake_home: Parts) -> None:
    one = release(
        tender={"title": "Roads", "value": {"amount": 10.5, "currency": "EUR"}},
        awards=[{"id": "1", "value": {"amount": 3}}, {"id": "2"}],
    )
    load(lake_home, "a.jsonl", json.dumps(one).encode())
    table = [
        [
            "ocid",
            "id",
            "date",
            "tag",
            "tender/title",
            "tender/value/amount",
            "tender/value/currency",
            "awards/0/id",
            "awards/0/value/amount",
            "awards/1/id",
        ]
    ]
    table.append([one["ocid"], "1", one["date"], "tender", "Roads", "10.5", "EUR", "1", "3", "2"])
    assert load(lake_home, "a.csv", text(table)).counts == JobCounts(received=1, unchanged=1)


def test_the_rows_that_are_refused_are_in_the_jobs_errors(lake_home: Parts) -> None:
    job = load(lake_home, "broken-rows.csv", (GOLDEN / "broken-rows.csv").read_bytes())
    assert job.status is JobStatus.SUCCEEDED
    told = {one.line: (one.code, one.path) for one in quarantined(lake_home, job.id)}
    assert told[3] == ("wrong_type", "tender/value/amount")
    assert told[9] == ("contradicting_rows", "tender/title")


def test_reference_tables_are_landed_as_their_kinds(lake_home: Parts) -> None:
    kinds = {
        "organisations": Kind.ORGANIZATIONS,
        "rates-wide": Kind.EXCHANGE_RATES,
        "rates-long": Kind.EXCHANGE_RATES,
        "classifications": Kind.CLASSIFICATIONS,
    }
    for name, kind in kinds.items():
        expected = json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))
        job = load(lake_home, f"{name}.csv", (GOLDEN / f"{name}.csv").read_bytes())
        assert job.counts.accepted + job.counts.unchanged == len(expected["good"])
        with lake_home.warehouse.read() as work:
            current = work.record_catalogue.current_of((kind, one["id"]) for one in expected["good"])
        assert len(current) == len(expected["good"]) > 0


@pytest.mark.parametrize("rows_before", [0, 3_000])
def test_a_nul_in_a_table_is_taken_out_and_noted(home: Home, rows_before: int) -> None:
    before = "".join(f"p{number},1,2024-01-01,tender,T\n" for number in range(rows_before))
    content = (
        f"ocid,id,date,tag,tender/title\n{before}o1,1,2024-01-01,tender,a\x00b\no2\x00,1,2024-01-01\x00,tender,T\no3,1,2024-01-01,tender,T\n"
    ).encode()
    elements, refused = home.read(content + b"\x00" * 5_000, name="a.csv")
    found = [json.loads(one.raw) for one in elements][rows_before:]
    assert [(one["ocid"], one["date"], one["tender"]["title"]) for one in found] == [
        (f"o{n}", "2024-01-01", t) for n, t in ((1, "ab"), (2, "T"), (3, "T"))
    ]
    assert [[note.code for note in one.notes] for one in elements[rows_before:]] == [
        ["nul_character"],
        ["nul_character"],
        [],
    ]
    assert refused == []


@pytest.mark.parametrize("odd", ["\x00", "\x1a", "\x0b", "\x1d"])
def test_control_characters_do_not_hide_a_table(home: Home, odd: str) -> None:
    for content in (
        f"ocid,tender/title\no1,a{odd}b\n",
        f"ocid,tender/title{odd if odd == chr(0) else ''}\no1,b\n{odd}\n",
    ):
        elements, _ = home.read(content.encode(), name="a.csv")
        assert [json.loads(one.raw)["ocid"] for one in elements][:1] == ["o1"]


def test_what_is_binary_is_no_table(home: Home) -> None:
    with pytest.raises(InvalidError, match="is not supported"):
        home.read(b"\x00\x01\x02,ab\rcd\x03,\n\x04,x\n" * 50, name="a.bin")


def test_columns_that_begin_with_a_hash_are_left_out_of_every_kind_of_table(home: Home) -> None:
    tables = {
        b"#note,id,name, #Name,Colour\nx,1,N,M,red\n": {"id": "1", "name": "N", "Colour": "red"},
        b"scheme,code,description,#parent\ns,c,d,p\n": {"scheme": "s", "code": "c", "description": "d"},
        b"Date,USD,#EUR,# checked by\n2024-01-31,1.1,1,me\n": {
            "date": "2024-01-31",
            "base": "EUR",
            "currency": "USD",
            "rate": 1.1,
        },
        b"date,currency,rate,#base\n2024-01-31,USD,1.1,GBP\n": {"date": "2024-01-31", "currency": "USD", "rate": 1.1},
        b"ocid,tender/title,#tender/title\no,T,U\n": {"ocid": "o", "tender": {"title": "T"}},
    }
    assert {content: records(home, content) for content in tables} == {
        content: [record] for content, record in tables.items()
    }


def test_two_columns_of_one_name_in_a_reference_table_are_both_kept(home: Home) -> None:
    assert records(home, b"id,name,Note,Note,Note (2)\n1,N,a,b,c\n") == [
        {"id": "1", "name": "N", "Note": "a", "Note (2)": "b", "Note (2) (2)": "c"}
    ]


def test_a_blank_cell_of_a_reference_table_says_nothing(home: Home) -> None:
    assert records(home, 'id,name,country,region,Colour\n1,N,,"  ",\u00a0\n'.encode()) == [{"id": "1", "name": "N"}]


def test_quotes_around_nothing_are_a_missing_number_with_a_note(home: Home) -> None:
    elements, refused = home.read(b'ocid,tender/value/amount,tender/title\no,"""""","""x"""\n', name="a.csv")
    assert refused == []
    assert json.loads(elements[0].raw) == {"ocid": "o", "tender": {"title": '"x"'}}
    assert [note.code for note in elements[0].notes] == ["blank_value"]


def test_a_row_that_is_too_short_refuses_its_release(home: Home) -> None:
    elements, refused = home.read(
        b"ocid,id,tender/title,awards/0/id,date\no,1,T,a,2024-01-01\no,1\np,1,T,a,2024-01-01\n", name="a.csv"
    )
    assert [json.loads(one.raw)["ocid"] for one in elements] == ["p"]
    assert [(one.code, one.place.line, one.ocid) for one in refused] == [("unreadable_row", 3, "o")]


@pytest.mark.parametrize(
    "bad",
    [
        b'o,1,2024-01-01,"never closed\n',
        b"o,1,2024-01-01,\xff\xfe\n",
        b'o,1,2024-01-01,a,"b"x,c\n',
        b'o,"1\n',
        b"o,\xff,2024\n",
    ],
)
def test_a_row_that_can_not_be_read_refuses_the_release_that_its_first_cells_name(home: Home, bad: bytes) -> None:
    content = (
        "ocid,id,date,tender/title,awards/0/id\nööö,1,2024-01-01,T,a\no,1,2024-01-01,T,a\n".encode()
        + bad
        + b"p,1,2024-01-01,T,a\n"
    )
    elements, refused = home.read(content, name="a.csv")
    assert [json.loads(one.raw)["ocid"] for one in elements] == ["ööö", "p"]
    assert [(one.place.line, one.ocid) for one in refused] == [(4, "o")]


def test_a_row_that_can_not_be_read_and_names_no_release_of_several_refuses_none(home: Home) -> None:
    content = b'ocid,id,date,tender/title\no,1,2024-01-01,T\no,2,2024-01-02,T\no,"3\n'
    elements, refused = home.read(content, name="a.csv")
    assert [json.loads(one.raw)["id"] for one in elements] == ["1", "2"]
    assert [one.code for one in refused] == ["unreadable_row"]
