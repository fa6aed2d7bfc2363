"""Every form and encoding in which OCDS JSON is published gives the same releases."""

import codecs
import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.infrastructure.formats.support import Home, release

RELEASES = [release(number) for number in range(7)]
PUBLISHER = {"name": "Ministry of Roads", "uid": "GB-1"}
ABOUT = {
    "uri": "https://example.org/p",
    "publishedDate": "2024-03-02T00:00:00Z",
    "publisher": PUBLISHER,
    "license": "https://example.org/l",
}


def lines(values: list[Any], **options: Any) -> str:
    return "".join(json.dumps(value, **options) + "\n" for value in values)


def records(releases: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {"ocid": one["ocid"], "releases": [one], "compiledRelease": one | {"tag": ["compiled"]}} for one in releases
    ]


def turned(releases: list[dict[str, Any]], *, embedded: bool) -> list[dict[str, Any]]:
    """Records with their ocid at the end; some without a list, or with linked releases."""
    kinds: list[list[dict[str, Any]]] = [[], [{"url": "https://example.org/1", "date": "2024-01-01T00:00:00Z"}]]
    lists = [[one] if embedded else kinds[index % 2] for index, one in enumerate(releases)]
    return [
        {"releases": part, "compiledRelease": one | {"tag": ["compiled"]}, "ocid": one["ocid"]}
        for part, one in zip(lists, releases, strict=True)
    ]


PACKAGE = ABOUT | {"releases": RELEASES}
FORMS: dict[str, str] = {
    "release package": json.dumps(PACKAGE),
    "release package, indented": json.dumps(PACKAGE, indent=2),
    "release package, letters as they are": json.dumps(PACKAGE, ensure_ascii=False),
    "release package with the list first": json.dumps({"releases": RELEASES} | ABOUT, indent=1),
    "release package, a release a line": '{"publisher": {"name": "x"}, "releases": [\n'
    + ",\n".join(map(json.dumps, RELEASES))
    + "\n]}",
    "release package, a release a line, commas first": '{"releases": [\n'
    + "\n,".join(map(json.dumps, RELEASES))
    + "]}\n",
    "record package": json.dumps(ABOUT | {"records": records(RELEASES)}),
    "record package, indented": json.dumps(ABOUT | {"records": records(RELEASES)}, indent="\t"),
    "array of releases": json.dumps(RELEASES),
    "array of releases, indented": json.dumps(RELEASES, indent=4),
    "array of records": json.dumps(records(RELEASES)),
    "array of packages": json.dumps([{"releases": RELEASES[:3]}, {"releases": []}, {"releases": RELEASES[3:]}]),
    "package with both lists": json.dumps(
        ABOUT | {"releases": RELEASES[:3], "extra": {"a": "b"}, "records": records(RELEASES[3:])}
    ),
    "package with both lists, records first": json.dumps(
        {"records": records(RELEASES[:3]), "releases": RELEASES[3:]} | ABOUT, indent=1
    ),
    "package with a list and an object": json.dumps({"releases": RELEASES[:6], "records": records(RELEASES[6:])[0]}),
    "package with an object and a list": json.dumps({"releases": RELEASES[0], "records": records(RELEASES[1:])}),
    "JSON Lines of packages with both lists": lines(
        [{"releases": RELEASES[:3], "records": records(RELEASES[3:])}, {"releases": []}]
    ),
    "array of packages with both lists": json.dumps([{"records": records([one]), "releases": []} for one in RELEASES]),
    "array of records, releases first": json.dumps(turned(RELEASES, embedded=True)),
    "concatenated records, releases first": "".join(
        json.dumps(one, indent=1) for one in turned(RELEASES, embedded=True)
    ),
    "array of records with links, releases first": json.dumps(turned(RELEASES, embedded=False), indent=2),
    "concatenated records with links, releases first": "".join(
        json.dumps(one, indent=1) for one in turned(RELEASES, embedded=False)
    ),
    "a record with links, releases first, in a package": json.dumps({"records": turned(RELEASES, embedded=False)}),
    "JSON Lines of releases": lines(RELEASES),
    "JSON Lines of releases with blank lines": "\r\n".join(["", *map(json.dumps, RELEASES), ""]),
    "JSON Lines without a last line break": lines(RELEASES).rstrip(),
    "JSON Lines of records": lines(records(RELEASES)),
    "JSON Lines of packages": lines([ABOUT | {"releases": RELEASES[:3]}, ABOUT | {"releases": RELEASES[3:]}]),
    "JSON Lines of arrays": lines([RELEASES[:3], RELEASES[3:]]),
    "concatenated releases": "".join(map(json.dumps, RELEASES)),
    "concatenated releases, indented": "\n".join(json.dumps(one, indent=2) for one in RELEASES),
    "concatenated packages, indented": "\n".join(
        json.dumps({"releases": part}, indent=2) for part in (RELEASES[:3], RELEASES[3:])
    ),
    "a JSON text sequence": "".join("\x1e" + json.dumps(one) + "\n" for one in RELEASES),
    "wrapped by an API": json.dumps(
        {"meta": {"page": 1, "next": None}, "count": 7, "releases": RELEASES, "links": {"next": "x"}}
    ),
}


def apart(begin: str, end: str, count: int) -> bytes:
    """One release per line, with commas on lines of their own."""
    return (begin + "\n,\n".join(json.dumps(release(number)) for number in range(count)) + end).encode()


def latin(text: str) -> bytes:
    return text.replace("\u2028", "").replace("\U0001f600", "").encode("iso-8859-1")


ENCODINGS: dict[str, Callable[[str], bytes]] = {
    "utf-8": str.encode,
    "utf-8 with a mark": lambda text: codecs.BOM_UTF8 + text.encode(),
    "utf-16 with a mark": lambda text: text.encode("utf-16"),
    "utf-16 big end first, with a mark": lambda text: codecs.BOM_UTF16_BE + text.encode("utf-16-be"),
    "utf-16 little end first": lambda text: text.encode("utf-16-le"),
    "utf-16 big end first": lambda text: text.encode("utf-16-be"),
    "iso-8859-1": latin,
}


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzipped"])
@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_releases(home: Home, form: str, packed: bool) -> None:
    content = FORMS[form].encode()
    good, refused = home.judged(gzip.compress(content) if packed else content)
    assert refused == []
    assert good == [one["id"] for one in RELEASES]


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzipped"])
@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("form", ["release package, letters as they are", "JSON Lines"])
def test_every_encoding_gives_the_same_texts(home: Home, form: str, encoding: str, packed: bool) -> None:
    content = ENCODINGS[encoding](FORMS.get(form) or lines(RELEASES, ensure_ascii=False))
    elements, refused = home.read(gzip.compress(content) if packed else content)
    assert refused == []
    titles = [json.loads(element.raw)["tender"]["title"] for element in elements]
    expected = [one["tender"]["title"] for one in RELEASES]
    assert titles == (
        [latin(title).decode("iso-8859-1") for title in expected] if encoding == "iso-8859-1" else expected
    )


@pytest.mark.parametrize(
    ("form", "paths"),
    [
        ("release package", [f"/releases/{index}" for index in range(7)]),
        ("record package", [f"/records/{index}" for index in range(7)]),
        (
            "array of packages",
            [f"/0/releases/{index}" for index in range(3)] + [f"/2/releases/{index}" for index in range(4)],
        ),
        ("array of releases", [f"/{index}" for index in range(7)]),
        ("concatenated releases", [""] * 7),
    ],
)
def test_each_element_knows_its_path_and_its_offset(home: Home, form: str, paths: list[str]) -> None:
    content = FORMS[form].encode()
    elements, _ = home.read(content)
    assert [element.place.path for element in elements] == paths
    for element in elements:
        assert element.place.offset is not None
        assert content[element.place.offset :].startswith(element.raw)


def test_each_line_knows_its_number_and_its_offset(home: Home) -> None:
    content = ("\n" + lines(RELEASES)).encode()
    elements, _ = home.read(content)
    assert [element.place.line for element in elements] == list(range(2, 9))
    assert all(content[element.place.offset or 0 :].startswith(element.raw) for element in elements)


@pytest.mark.parametrize(
    "form",
    [
        "release package",
        "record package, indented",
        "JSON Lines of packages",
        "release package with the list first",
        "package with both lists, records first",
    ],
)
def test_what_a_package_says_of_itself_reaches_its_elements(home: Home, form: str) -> None:
    elements, _ = home.read(FORMS[form].encode(), [2, 2])
    assert elements
    assert all(element.package == ABOUT for element in elements)


@pytest.mark.parametrize("first", [{}, {"publisher": {"name": "another"}}])
def test_what_a_package_says_behind_a_single_release_or_an_empty_list_is_the_last_word(
    home: Home, first: dict[str, Any]
) -> None:
    for value in (RELEASES[0], RELEASES[:1]):
        content = "[" + json.dumps(first | {"releases": value})[:-1] + ", " + json.dumps(ABOUT)[1:] + "]"
        elements, _ = home.read(content.encode())
        assert [element.package for element in elements] == [ABOUT]


@pytest.mark.parametrize("limits", [(), (1,) * 10])
@pytest.mark.parametrize("name", ["releases", "records"])
def test_what_a_package_says_behind_a_long_list_is_found_at_the_end_of_the_file(
    home: Home, monkeypatch: pytest.MonkeyPatch, name: str, limits: tuple[int, ...]
) -> None:
    monkeypatch.setattr("infrastructure.formats.json.package_head.LOOK_AHEAD_BYTES", 300)
    monkeypatch.setattr("infrastructure.formats.json.package_head.CHUNK_BYTES", 100)
    monkeypatch.setattr("infrastructure.formats.json.scanner.CHUNK_BYTES", 300)
    behind = ABOUT | {"extensions": ["https://example.org/e"]}
    value = RELEASES if name == "releases" else records(RELEASES)
    content = json.dumps({name: value} | behind, indent=1) + "\n"
    elements, refused = home.read(content.encode(), limits)
    assert (len(elements), refused) == (7, [])
    assert all(element.package == behind for element in elements)
    elements, _ = home.read((json.dumps({name: value}) + content).encode(), limits)
    assert [element.package for element in elements] == [None] * 7 + [behind] * 7


def test_elements_outside_a_package_have_none(home: Home) -> None:
    elements, _ = home.read(
        (json.dumps({"publisher": PUBLISHER, "releases": RELEASES[:1]}) + json.dumps(RELEASES[1])).encode()
    )
    assert [element.package for element in elements] == [{"publisher": PUBLISHER}, None]


@pytest.mark.parametrize("limits", [(), (1,) * 40])
@pytest.mark.parametrize("embedded", [True, False], ids=["releases", "links"])
def test_a_record_too_long_to_be_looked_behind_keeps_what_follows_and_gives_nothing_twice(
    home: Home, monkeypatch: pytest.MonkeyPatch, embedded: bool, limits: tuple[int, ...]
) -> None:
    monkeypatch.setattr("infrastructure.formats.json.package_head.LOOK_AHEAD_BYTES", 300)
    monkeypatch.setattr("infrastructure.formats.json.scanner.CHUNK_BYTES", 300)
    record, last = turned(RELEASES[:2], embedded=True)
    links = [{"url": f"https://example.org/{number}"} for number in range(20)]
    record["releases"] = RELEASES[3:] if embedded else links
    elements, refused = home.read(json.dumps([record, last]).encode(), limits)
    assert refused == []
    expected = RELEASES[3:] if embedded else [*links, record["compiledRelease"]]
    assert [json.loads(one.raw) for one in elements[: len(expected)]] == expected
    assert elements[len(expected) - 1].place.path == ("/0/releases/3" if embedded else "/0/compiledRelease")
    assert [json.loads(one.raw)["ocid"] for one in elements[len(expected) :]] == [last["ocid"]]


@pytest.mark.parametrize("count", [1, 2, 10, 40])
@pytest.mark.parametrize(
    ("begin", "end"),
    [
        ("[\n", "\n]\n"),
        ("[", "]"),
        ('{"publisher": {"name": "P"},\n"releases": [\n', "\n]}\n"),
        ('{"releases": [\n', "\n]}"),
    ],
)
def test_commas_on_lines_of_their_own_make_no_json_lines(home: Home, begin: str, end: str, count: int) -> None:
    good, refused = home.judged(apart(begin, end, count))
    assert (good, refused) == ([str(number) for number in range(count)], [])


def test_windows_quotes_in_iso_8859_1_are_quotes(home: Home) -> None:
    content = lines([release(1, title="?the ministry?s? d?p\u00f4t"), release(2)], ensure_ascii=False).encode(
        "iso-8859-1", "ignore"
    )
    content = content.replace(b"?the", b"\x93the").replace(b"y?s?", b"y\x92s\x94")
    elements, refused = home.read(content)
    assert refused == []
    assert json.loads(elements[0].raw)["title"] == "\u201cthe ministry\u2019s\u201d d?p\u00f4t"


def test_replacement_characters_do_not_make_a_file_iso_8859_1(home: Home) -> None:
    elements, _ = home.read(lines([release(1, tender={"title": "lost \ufffd here"})], ensure_ascii=False).encode() * 2)
    assert json.loads(elements[0].raw)["tender"]["title"] == "lost \ufffd here"
