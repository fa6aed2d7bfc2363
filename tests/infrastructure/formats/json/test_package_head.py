"""Damaged metadata of a package: its releases are read, and the damage has one quarantine entry."""

import json
import re

import pytest

from tests.infrastructure.formats.support import Home, release

RELEASES = [release(number) for number in range(5)]
IDS = [one["id"] for one in RELEASES]
HEAD = {
    "uri": "https://example.org/p",
    "version": "1.1",
    "publishedDate": "2024-03-02T00:00:00Z",
    "publisher": {"name": "Town", "uid": "1"},
    "license": "x",
}
BRACKET = ("}", "")  # closes the publisher
DAMAGES = {
    "no value": ('"2024-03-02T00:00:00Z"', ""),
    "no value at all": ('"version": "1.1",', '"version": ,'),
    "a version that is no text": ('"1.1"', "1.1.5"),
    "unescaped quotes": ('"Town"', '"The "big" Town"'),
    "a quote too many": ('"Town"', '"To"wn"'),
    "a quote too few": ('"Town"', '"Town'),
    "no quotes around a name": ('"version"', "version"),
    "no colon": ('"version":', '"version"'),
    "no comma": ('"1.1",', '"1.1"'),
    "two commas": ('"1.1",', '"1.1",,'),
    "a bracket too many": ('"uid": "1"', '"uid": "1"}'),
    "a bracket too few": BRACKET,
    "single quotes": ('"1.1"', "'1.1'"),
    "a word": ('"1.1"', "None"),
    "a raw line break": ('"Town"', '"To\nwn"'),
}
FORMS = ["indented", "compact", "a release a line", "JSON Lines", "concatenated", "array"]


def written(form: str, damage: tuple[str, str], name: str = "releases") -> str:
    """One or two packages, the first of them damaged."""
    values = RELEASES if name == "releases" else [{"ocid": one["ocid"], "releases": [one]} for one in RELEASES]
    package = json.dumps(HEAD | {name: values}, indent=2 if form == "indented" else None)
    if form == "a release a line":
        package = json.dumps(HEAD)[:-1] + f', "{name}": [\n' + ",\n".join(map(json.dumps, values)) + "\n]}"
    if damage == BRACKET:
        package = re.sub(r'("uid": "1"\s*)}', r"\1", package, count=1)
        damage = ("{", "{")
    assert damage[0] in package
    package = package.replace(*damage, 1)
    after = json.dumps({name: [release(7)]})
    return {
        "JSON Lines": f"{after}\n{package}\n{after}\n{after}\n",
        "concatenated": package + after,
        "array": f"[{package}, {after}]",
    }.get(form, package)


@pytest.mark.parametrize("name", ["releases", "records"])
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("damage", DAMAGES)
def test_the_releases_are_read_and_the_damage_is_one_entry(home: Home, damage: str, form: str, name: str) -> None:
    if form == "JSON Lines" and "\n" in DAMAGES[damage][1]:
        pytest.skip("a line of its own")
    content = written(form, DAMAGES[damage], name)
    good, refused = home.judged(content.encode())
    assert [one for one in good if one != "7"] == IDS, [one.reason for one in refused]
    assert good.count("7") == {"JSON Lines": 3, "concatenated": 1, "array": 1}.get(form, 0)
    assert [one.code for one in refused] == ["invalid_json"]
    assert "the package's metadata" in refused[0].reason


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("where", ["Town", "https://example.org/p"])
def test_a_byte_that_is_not_utf8_costs_what_it_stands_in(home: Home, form: str, where: str) -> None:
    content = written(form, (where, where + "@@")).encode().replace(b"@@", b"\xe9")
    content = content.replace(b'"Road 1 ', '"Röad 1 ññ '.encode())
    good, refused = home.judged(content)
    assert [one for one in good if one != "7"] == IDS
    assert [one.code for one in refused] == ["invalid_utf8"]
    assert "0xE9" in refused[0].reason
    assert refused[0].place.offset == content.index(0xE9)
    assert refused[0].place.line == content[: content.index(0xE9)].count(b"\n") + 1


def test_what_else_the_package_says_reaches_its_releases(home: Home) -> None:
    elements, refused = home.read(written("indented", DAMAGES["no value at all"]).encode(), [2, 2])
    assert [element.package for element in elements] == [
        {name: value for name, value in HEAD.items() if name != "version"}
    ] * 5
    assert (refused[0].place.line, refused[0].place.column) == (3, 14)


def test_damage_behind_the_list_is_told_too(home: Home) -> None:
    for damage in ("1.1.5", ",", '{"name": "a" "b"}'):
        content = json.dumps({"releases": RELEASES}, indent=1)[:-2] + f',\n "version": {damage}\n}}'
        good, refused = home.judged(content.encode())
        assert good == IDS
        assert [one.code for one in refused] == ["invalid_json"], damage
        assert "version" in refused[0].reason


def test_a_list_of_another_record_is_not_taken_for_that_of_a_broken_one(home: Home) -> None:
    broken = '{"x": , "tag": ["tender"], "id": "b"}'
    records = ", ".join([broken, *(json.dumps({"ocid": one["ocid"], "releases": [one]}) for one in RELEASES)])
    good, refused = home.judged(f"[{records}]".encode())
    assert good == IDS
    assert [(one.code, one.place.path) for one in refused] == [("invalid_json", "/0")]


def test_many_broken_objects_are_not_each_searched_to_the_end(home: Home) -> None:
    content = "[" + ",".join(['{"a" "b"}'] * 20_000) + "]"
    good, refused = home.judged(content.encode())
    assert good == []
    assert len(refused) == 20_000


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("where", [1, 3])
@pytest.mark.parametrize("comma", ["", ","])
def test_a_stray_bracket_in_a_list_passes_nothing_over(home: Home, indent: int | None, where: int, comma: str) -> None:
    texts = [json.dumps(one, indent=indent) for one in RELEASES]
    inside = ",".join(texts[:where]) + "]" + comma + ",".join(texts[where:])
    content = f'{{"publisher": {{"name": "x"}}, "releases": [{inside}], "license": "x"}}' + json.dumps(release(7))
    for limits in ((), (1,) * 20):
        elements, refused = home.read(content.encode(), limits)
        assert [json.loads(element.raw)["id"] for element in elements] == [*IDS, "7"]
        assert [one.reason for one in refused] == ["a stray ']' between elements"]
        assert elements[-1].package is None


@pytest.mark.parametrize("form", ["values", "lines", "latin"])
def test_an_error_is_told_with_its_line_and_column_in_the_file(home: Home, form: str) -> None:
    texts = [json.dumps(one, indent=None if form == "lines" else 2, ensure_ascii=False) for one in RELEASES]
    texts[3] = texts[3].replace('"id": "3"', '"id": three')
    content = "\n \n" + ("\n".join(texts) if form == "lines" else '{"releases": [' + ", ".join(texts) + "]}")
    good, refused = home.judged(content.encode("utf-8"))
    assert good == ["0", "1", "2", "4"]
    at = content.index("three")
    line, column = content[:at].count("\n") + 1, at - content[:at].rfind("\n")
    assert f"line {line} column {column}" in refused[0].reason


def test_lines_go_on_over_slices_and_through_what_was_begun_before_they_were_counted(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infrastructure.formats.json.scanner.CHUNK_BYTES", 300)
    content = json.dumps({"uri": "ü", "releases": RELEASES}, indent=1, ensure_ascii=False)
    for limits in ((), (1,) * 10):
        elements, _ = home.read(content.encode(), limits)
        for element in elements:
            before = content.encode()[: element.place.offset].decode()
            assert element.place.line == before.count("\n") + 1
            assert element.place.column == len(before) - before.rfind("\n")
    first = home.sources.read(home.add(content.encode()), "a.json", None, 1)
    assert first.position is not None
    old = {
        "text": "raw",
        "reader": "ocds-json",
        "at": {key: value for key, value in first.position["at"].items() if key not in {"line", "column"}},
    }
    assert [one.place.line for one in home.sources.read(home.add(content.encode()), "a.json", old, 10).elements] == [
        None
    ] * 4
