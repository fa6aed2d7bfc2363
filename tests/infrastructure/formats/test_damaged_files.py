"""Damage costs only the damaged element, which is refused with place and reason, and never exhausts the memory."""

import gzip
import io
import json
import time
import zlib
from collections.abc import Iterator

import pytest

from domain.shared.errors import InvalidError, TooLargeError
from infrastructure.formats.text.utf8_copies import limited
from tests.infrastructure.formats.support import LONGEST, MOST, Home, release

LINES = [json.dumps(release(number)) for number in range(10)]
IDS = [str(number) for number in range(10)]


def without(*numbers: int) -> list[str]:
    return [one for one in IDS if int(one) not in numbers]


@pytest.mark.parametrize(
    "broken",
    [
        "",
        '{"ocid": "x"',
        '{"ocid": "x}',
        "}",
        "]",
        '"',
        "garbage",
        '{"a": [}',
        "\\",
        "NaN",
        '{"releases": [',
        "\xe9\xff",
    ],
)
@pytest.mark.parametrize("where", [0, 5, 10])
def test_a_broken_line_costs_that_line_only(home: Home, broken: str, where: int) -> None:
    content = "\n".join([*LINES[:where], broken, *LINES[where:]]).encode("latin-1" if broken == "\xe9\xff" else "utf-8")
    good, refused = home.judged(content)
    assert good == IDS
    assert [one.place.line for one in refused] == ([where + 1] if broken else [])


@pytest.mark.parametrize("indent", [None, 2])
def test_a_wrong_value_inside_a_balanced_element_costs_that_element_only(home: Home, indent: int | None) -> None:
    content = json.dumps({"releases": [release(number) for number in range(10)]}, indent=indent).replace(
        '"id": "4"', '"id": four'
    )
    good, refused = home.judged(content.encode())
    assert good == without(4)
    assert [(one.code, one.place.path) for one in refused] == [("invalid_json", "/releases/4")]
    assert refused[0].place.offset is not None
    assert content.encode()[refused[0].place.offset :].startswith(b"{")


@pytest.mark.parametrize("form", ["indented", "a release a line", "concatenated, indented", "array, indented"])
@pytest.mark.parametrize(
    "damage", [('"Road 4 ', '"Road" 4 '), ('"Road 4 ', 'Road 4 "'), ('"Road 4 ', "Road 4 "), ('"Road 4 ', '"Road\n4 ')]
)
def test_a_quote_too_many_or_too_few_costs_that_element_only(home: Home, form: str, damage: tuple[str, str]) -> None:
    releases = [release(number) for number in range(10)]
    content = {
        "indented": json.dumps({"publisher": {"name": "x"}, "releases": releases}, indent=2),
        "a release a line": '{"publisher": {"name": "x"}, "releases": [\n' + ",\n".join(LINES) + "\n]}",
        "concatenated, indented": "\n".join(json.dumps(one, indent=2) for one in releases),
        "array, indented": json.dumps(releases, indent=2),
    }[form]
    assert damage[0] in content
    good, refused = home.judged(content.replace(*damage).encode())
    assert good == without(4)
    assert len(refused) == 1


@pytest.mark.parametrize(
    "damage", [("{", "{{"), ('"tag": ["', '"tag": [["'), ('"tender": {', '"tender": '), ('"id": "4"', '"id": "4')]
)
def test_in_one_long_line_reading_goes_on_at_the_next_ocid(home: Home, damage: tuple[str, str]) -> None:
    broken = LINES[4].replace(*damage, 1)
    content = '{"releases": [' + ",".join([*LINES[:4], broken, *LINES[5:]]) + "]}"
    good, refused = home.judged(content.encode())
    assert good in (IDS, without(4))
    assert 1 <= len(refused) <= 6


def test_a_package_that_ends_too_early_gives_what_it_has(home: Home) -> None:
    content = '{"releases": [' + ",".join(LINES)
    good, refused = home.judged(content[:-30].encode())
    assert good == IDS[:9]
    assert next((one.code, one.place.path, one.place.offset) for one in refused) == (
        "invalid_json",
        "/releases/9",
        content.index(LINES[9]),
    )


def test_an_element_without_end_is_refused_once_and_not_read_for_ever(home: Home) -> None:
    content = "[" + ",".join(one.replace('"tender": {', '"tender": {{') for one in LINES * 300)
    good, refused = home.judged(content.encode())
    assert good == []
    assert len(refused) < 60


@pytest.mark.parametrize("form", ["lines", "array", "package", "concatenated"])
@pytest.mark.parametrize("long", ["text", "list", "number"])
def test_an_element_that_is_too_long_is_refused_and_skipped(home: Home, form: str, long: str) -> None:
    value = {"text": "x}]\\" * LONGEST, "list": [{"[": "]"}] * LONGEST, "number": 7}[long]
    large = json.dumps(release(5, large=value)).replace('"large": 7', '"large": ' + "7" * LONGEST)
    parts = [*LINES[:5], large, *LINES[6:]]
    content = {
        "lines": "\n".join(parts),
        "array": f"[{','.join(parts)}]",
        "package": f'{{"releases": [{", ".join(parts)}]}}',
        "concatenated": " ".join(parts),
    }
    good, refused = home.judged(content[form].encode())
    assert good == without(5)
    assert [one.code for one in refused] == ["too_large"]
    assert len(refused[0].excerpt) <= 2_000


def test_a_line_without_end_is_refused(home: Home) -> None:
    good, refused = home.judged("\n".join([*LINES, '{"ocid": "' + "x" * 3 * LONGEST]).encode())
    assert good == IDS
    assert [one.code for one in refused] == ["too_large"]


@pytest.mark.parametrize("form", ["[%s]", "%s", '{"releases": [%s]}', '{"ocid": "x", "x": %s}'])
@pytest.mark.parametrize("nested", ["[" * 20_000 + "]" * 20_000, '{"a":' * 5_000 + "1" + "}" * 5_000, "[" * 20_000])
def test_nesting_without_end_breaks_nothing(home: Home, form: str, nested: str) -> None:
    good, refused = home.judged((form % nested + "\n" + LINES[0]).encode())
    assert refused
    assert good in ([], ["0"])


@pytest.mark.parametrize("depth", [200, 300, 2_000])
def test_a_package_that_says_too_much_of_itself_loses_none_of_its_releases(home: Home, depth: int) -> None:
    package = f'{{"publisher": {"[" * depth + "]" * depth}, "releases": [{LINES[0]}]}}'
    assert home.judged(package.encode()) == (IDS[:1], [])
    good, refused = home.judged(f"{package}\n{LINES[1]}".encode())
    assert (good, refused) == (IDS[:2], []) if depth < 1_000 else (good == IDS[1:2] and refused[0].place.line == 1)


@pytest.mark.parametrize("nested", ["[", '{"a":', '{"ocid":{"ocid":'])
@pytest.mark.parametrize("form", ["[%s,%s]", "%s%s", '{"releases": [%s,%s]}'])
def test_nesting_by_the_million_is_not_counted_to_its_end(home: Home, form: str, nested: str) -> None:
    begun = time.monotonic()
    good, refused = home.judged((form % (nested * (40_000_000 // len(nested)), LINES[0])).encode())
    assert good in ([], ["0"])
    assert any("deep" in one.reason for one in refused)
    assert time.monotonic() - begun < 15


def test_a_gzip_that_breaks_off_gives_what_it_has_and_says_so(home: Home) -> None:
    packed = gzip.compress("\n".join(LINES * 2_000).encode())
    good, refused = home.judged(packed[: len(packed) // 2])
    assert 8_000 < len(good) < 12_000
    assert refused[-1].code in {"truncated_file", "invalid_json"}
    assert any(one.code == "truncated_file" and "is truncated" in one.reason for one in refused)


def test_a_small_gzip_that_breaks_off_gives_what_it_has(home: Home) -> None:
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb") as file:
        for line in LINES:
            file.write(line.encode() + b"\n")
            file.flush()
    good, refused = home.judged(packed.getvalue()[:-40])
    assert good == IDS[: len(good)]
    assert len(good) >= 8
    assert [one.code for one in refused][-1:] != []
    assert any(one.code == "truncated_file" for one in refused)


def test_a_damaged_gzip_says_that_it_is_damaged(home: Home) -> None:
    content = "\n".join(
        json.dumps(release(number, noise=zlib.crc32(str(number).encode()))) for number in range(5_000)
    ).encode()
    packed = bytearray(gzip.compress(content))
    packed[len(packed) // 2] ^= 0xFF
    good, refused = home.judged(bytes(packed))
    assert good
    assert any(one.code == "truncated_file" for one in refused)


def test_gzip_members_follow_each_other_and_padding_is_no_damage(home: Home) -> None:
    packed = b"".join(gzip.compress(line.encode() + b"\n") for line in LINES) + b"\x00" * 500
    assert home.judged(packed) == (IDS, [])


def test_what_stands_behind_a_gzip_is_said(home: Home) -> None:
    good, refused = home.judged(gzip.compress("\n".join(LINES).encode()) + b"trailing")
    assert good == IDS
    assert [one.code for one in refused] == ["truncated_file"]


def test_a_gzip_bomb_is_too_large(home: Home) -> None:
    sha256 = home.add(gzip.compress(b"[" + b" " * (MOST + 1) + b"]", 9))
    with pytest.raises(TooLargeError):
        home.sources.read(sha256, "bomb.json.gz", None, 10)
    assert list(home.spool.glob("*")) == []


def test_a_gzip_of_nothing_but_repetition_is_a_bomb(home: Home) -> None:
    patient = Home(home.root / "patient", most=2**40)
    sha256 = patient.add(gzip.compress(b"[" + b" " * (90 * 1024**2) + b"]", 9))
    with pytest.raises(TooLargeError, match="times its size"):
        patient.sources.read(sha256, "bomb.json.gz", None, 10)


def test_a_bomb_is_stopped_where_it_goes_off_not_where_its_whole_size_would_allow() -> None:
    read, given = 200_000, 0

    def pieces() -> Iterator[bytes]:
        nonlocal given
        while True:
            given += 1 << 20
            yield bytes(1 << 20)

    with pytest.raises(TooLargeError, match="500 times its size"):
        for _ in limited(pieces(), lambda: read, 1 << 40):
            pass
    assert given < 500 * read + (2 << 20)


@pytest.mark.parametrize(
    "content", [b"", b"   \n", b"%PDF-1.7\n\xff", b"<html>", b"null", b"42", gzip.compress(b"plain words", mtime=0)]
)
def test_what_is_no_json_is_refused_with_what_is_expected(home: Home, content: bytes) -> None:
    sha256 = home.add(content)
    with pytest.raises(InvalidError) as raised:
        home.sources.read(sha256, "thing.bin", None, 10)
    assert "thing.bin" in raised.value.detail
    assert any("OCDS JSON" in kind for kind in raised.value.details["expected"])
    assert list(home.spool.glob("*")) == []


def test_a_gzip_damaged_from_its_beginning_is_refused(home: Home) -> None:
    with pytest.raises(InvalidError, match="nothing in it can be read"):
        home.sources.read(home.add(b"\x1f\x8b" + b"\x08\xff\xff" * 10), "x.gz", None, 10)


def test_a_few_bad_bytes_in_utf8_cost_their_lines_only(home: Home) -> None:
    parts = [json.dumps(release(number), ensure_ascii=False).encode() for number in range(10)]
    parts[3] = parts[3].replace("é".encode(), b"\xe9")
    good, refused = home.judged(b"\n".join(parts))
    assert good == without(3)
    assert [(one.code, one.place.line) for one in refused] == [("invalid_utf8", 4)]


def test_the_spool_is_made_once_and_given_back(home: Home) -> None:
    sha256 = home.add(gzip.compress("\n".join(LINES).encode()))
    first = home.sources.read(sha256, "a.gz", None, 3)
    (copy,) = home.spool.glob("*")
    made = copy.stat().st_mtime_ns
    home.sources.read(sha256, "a.gz", first.position, 3)
    assert copy.stat().st_mtime_ns == made
    copy.unlink()
    again = home.sources.read(sha256, "a.gz", first.position, 3)
    assert [element.place.line for element in again.elements] == [4, 5, 6]
    home.sources.remove_copies(sha256)
    assert list(home.spool.glob("*")) == []
