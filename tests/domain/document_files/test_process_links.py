"""The claims of a document file, and the process that it is linked to."""

from collections.abc import Sequence
from random import Random
from typing import Any

import hypothesis.strategies as st
import polars as pl
import pytest
from hypothesis import given

from domain.document_files.process_links import (
    PLAIN_PDF,
    ProcessClaim,
    link_documents,
    name_key,
    ocids_in,
    process_claims,
    url_name,
)

A, B = "ocds-b5fd17-abc-1", "ocds-213czf-000-00001"


DOCUMENTS = {"record_id": pl.String, "name": pl.String, "link": pl.String, "ocid": pl.String, "process_key": pl.Int64}
CLAIMS = {"record_id": pl.String, "rule": pl.String, "ocid": pl.String}


def linked(
    documents: Sequence[Any], claims: Sequence[Any], naming: Sequence[Any], existing: Sequence[str]
) -> list[tuple[Any, ...]]:
    """The changed links as rows: record_id, link, ocid, process_key."""
    return link_documents(
        pl.DataFrame(documents, schema=DOCUMENTS, orient="row"),
        pl.DataFrame(claims, schema=CLAIMS, orient="row"),
        pl.DataFrame(naming, schema={"name": pl.String, "ocid": pl.String}, orient="row"),
        pl.DataFrame([(ocid, len(ocid)) for ocid in set(existing)], schema=["ocid", "process_key"], orient="row").cast(
            {"ocid": pl.String, "process_key": pl.Int64}
        ),
    ).rows()


def link(claims: Sequence[ProcessClaim], naming: Sequence[str], existing: Sequence[str]) -> tuple[Any, ...]:
    """(link, ocid) of a file."""
    unlinked = [("1", "x.pdf", "old", None, None)]
    rows = linked(unlinked, [("1", *claim) for claim in claims], [("x.pdf", ocid) for ocid in naming], existing)
    ((_, rule, ocid, key),) = rows
    assert (key is not None) == (rule is not None)
    return rule, ocid


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"Notice {A}.", [A]),
        (f"({A}), {B}; {A}!", [A, B]),
        (f"https://example.org/{A}/notice", [f"{A}/notice"]),
        ("ocds-b5fd17-abc-\n1 goes on in the next line", [A]),
        ("ocds-b5fd17-abc-\n\n1 in lines far apart", [A]),
        ("ocds-b5fd17-abc- \n \n  \n1 at the head of the next column", [A]),
        ("ocds\u2011b5fd17\u2010abc\u00ad\n1 as a word processor breaks it", [A]),
        (f"{A}.pdf", [A]),
        (f"notice_{A}_v2", [A]),
        ("ocds-b5fd17- nothing", []),
        ("OCDS-B5FD17-ABC, xocds-b5fd17-abc-1, ocds-b5-abc", []),
    ],
)
def test_ocids_are_found_without_what_surrounds_them(text: str, expected: list[str]) -> None:
    assert ocids_in(text) == expected


def test_what_the_caller_says_is_all_that_counts() -> None:
    assert process_claims({"ocid": B, "filename": f"{A}.pdf", "pages": [{"text": A}]}) == [ProcessClaim("parameter", B)]


def test_the_name_is_surer_than_the_text_and_several_ocids_say_nothing() -> None:
    assert process_claims({"filename": f"{B}.pdf", "pages": [{"text": A}, {"text": A}]}) == [
        ProcessClaim("name", B),
        ProcessClaim("text", A),
    ]
    assert process_claims({"filename": "x.pdf", "pages": [{"text": f"{A} and"}, {"text": B}]}) == []
    assert process_claims({"filename": "x.pdf"}) == []


@pytest.mark.parametrize("ending", ["", "\n\n3", "\n\nPage 3 of 12", "\n- 3 -", "\n\n3/12"])
def test_an_ocid_that_goes_on_in_the_next_page_is_joined(ending: str) -> None:
    pages = [{"text": "none here"}, {"text": f"the process ocds-b5fd17-abc-{ending}"}, {"text": "1 was published"}]
    assert process_claims({"filename": "x.pdf", "pages": pages})[0] == ProcessClaim("text", A)


def test_an_ocid_at_the_end_of_a_page_is_not_lost_to_what_follows() -> None:
    said = process_claims(
        {"filename": "x.pdf", "pages": [{"text": f"the process {A}-"}, {"text": "Terms of delivery"}]}
    )
    assert link(said, [], [A]) == ("text", A)
    assert process_claims({"filename": "x.pdf", "pages": [{"text": f"the process {A}"}, {"text": "2 lots"}]}) == [
        ProcessClaim("text", A)
    ]


def test_an_ocid_with_a_slash_and_one_in_a_url_are_told_apart_by_what_stands() -> None:
    said = process_claims({"filename": "x.pdf", "pages": [{"text": f"https://example.org/{A}/notice"}]})
    assert said == [ProcessClaim("text", f"{A}/notice"), ProcessClaim("text", A)]
    assert link(said, [], [A]) == ("text", A)
    assert process_claims(
        {"filename": "x.pdf", "pages": [{"text": f"{A} at https://example.org/{A}/1 or /{A}/2"}]}
    ) == [ProcessClaim("text", A)]
    assert process_claims({"filename": "x.pdf", "pages": [{"text": f"{A}/1 and {A}/2"}]}) == []


def test_the_first_claim_that_exists_wins_and_else_the_only_process_that_names_the_file() -> None:
    claims = [ProcessClaim("name", A), ProcessClaim("text", B)]
    assert link(claims, [], [A, B]) == ("name", A)
    assert link(claims, [], [B]) == ("text", B)
    assert link(claims, ["other"], ["other"]) == ("url", "other")
    assert link([], ["one", "two"], ["one", "two"]) == (None, None)
    assert link([], ["one", "two"], ["two"]) == ("url", "two")
    assert link(claims, ["one"], []) == (None, A)


def test_a_process_that_the_caller_named_is_waited_for() -> None:
    assert link([ProcessClaim("parameter", A)], [B], [B]) == (None, A)


ocids = st.lists(st.sampled_from("abcd"), max_size=3)
rules = st.sampled_from(["parameter", "name", "text"])
files = st.lists(st.tuples(st.sampled_from(["x.pdf", "y.pdf"]), st.lists(st.tuples(rules, st.sampled_from("abcd")))))


@given(files, ocids, ocids, ocids, st.randoms(use_true_random=False))
def test_links_are_the_same_one_by_one_and_in_any_order_and_settle(
    files: list[tuple[str, list[tuple[str, str]]]], x: list[str], y: list[str], existing: list[str], random: Random
) -> None:
    naming = [("x.pdf", ocid) for ocid in x] + [("y.pdf", ocid) for ocid in y]
    documents = [(str(number), name, None, None, None) for number, (name, _) in enumerate(files)]
    claims = [(str(number), *claim) for number, (_, stated) in enumerate(files) for claim in stated]
    expected = linked(documents, claims, naming, existing)
    alone = [
        row
        for document in documents
        for row in linked([document], [claim for claim in claims if claim[0] == document[0]], naming, existing)
    ]
    for rows in (documents, claims, naming, existing):
        random.shuffle(rows)
    assert sorted(alone) == sorted(expected) == sorted(linked(documents, claims, naming, existing))
    stated = {row[0]: row[1:] for row in expected}
    settled = [(*row[:2], *stated.get(row[0], (None, None, None))) for row in documents]
    assert linked(settled, claims, naming, existing) == []


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://example.org/a/Lot%201%20%C3%A9.pdf?x=1#page=2", "Lot 1 é.pdf"),
        ("https://example.org/a/e\u0301.PDF", "é.PDF"),
        ("https://example.org/download?file=a.pdf", None),
        ("https://example.org/.pdf", None),
        ("http://[broken/a.pdf", None),
        ("a.pdf", "a.pdf"),
    ],
)
def test_the_name_that_a_url_ends_in(url: str, name: str | None) -> None:
    assert url_name(url) == name


@given(
    st.from_regex(
        r"https?://[a-zA-Z0-9.:-]{1,8}/([a-zA-Z0-9._~%?#-]{0,4}/){0,3}[a-zA-Z0-9._~%?#-]{0,6}\.(pdf|PDF|pdfx)([?#][a-z/.]{0,6})?",
        fullmatch=True,
    )
)
def test_a_plain_url_has_the_same_name_by_the_short_way(url: str) -> None:
    short = pl.Series([url]).str.extract(PLAIN_PDF)[0]
    assert short is None or short == url_name(url)


def test_names_are_compared_by_their_last_part_in_composed_unicode() -> None:
    assert name_key("C:\\files\\e\u0301 🐙.pdf ") == "é 🐙.pdf"
