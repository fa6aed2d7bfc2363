"""Organisations of a process: references complete `parties`, and embedded organisations (OCDS 1.0) get an identity."""

import json
from typing import Any

import orjson
import pytest

from domain.lake.flattening.processes import flatten
from domain.ocds.merging.compiled_release import ReleaseSource, compile_releases
from domain.shared.dates import instant
from tests.domain.lake.flattening.test_processes import processes, tables

Row = dict[str, Any]


def org(name: str | None = None, number: str | None = None, **fields: Any) -> Row:
    """An organisation as OCDS 1.0 embeds it."""
    identifier = {"identifier": {"scheme": "PY-RUC", "id": number}} if number else {}
    return ({"name": name} if name else {}) | identifier | fields


def ids(made: dict[str, list[Row]], table: str = "party") -> list[str]:
    return [row["organization_id"] for row in made[table]]


def notes(made: dict[str, list[Row]], code: str) -> list[tuple[str, str]]:
    return [(row["path"], row["message"].split(": ", 1)[1]) for row in made["note"] if row["code"] == code]


def test_names_that_only_references_have_complete_the_listed_parties() -> None:
    listed = [
        {"id": "P", "roles": ["buyer"], "contactPoint": {"name": "desk"}},
        {"id": "S", "name": ""},
        {"id": "T", "name": None},
        {"id": "B"},
    ]
    made = tables(
        parties=listed,
        buyer={"id": "P", "name": "Ministry of Bridges"},
        tender={
            "procuringEntity": {"id": "P", "name": "Ministry of Bridges"},
            "tenderers": [{"id": "T", "name": "Tender Only Ltd"}],
        },
        awards=[{"id": "a", "suppliers": [{"id": "S", "name": "Steelworks Co"}]}],
        bids={"details": [{"id": "1", "tenderers": [{"id": "B", "name": "Bidder Ltd"}]}]},
    )
    assert [(row["party_id"], row["name"], row["roles"]) for row in made["party"]] == [
        ("P", "Ministry of Bridges", ["buyer", "procuringEntity"]),
        ("S", "Steelworks Co", ["supplier"]),
        ("T", "Tender Only Ltd", ["tenderer"]),
        ("B", "Bidder Ltd", ["tenderer"]),
    ]
    assert ids(made) == [
        "ocds-213czf:ministry-of-bridges",
        "ocds-213czf:steelworks-co",
        "ocds-213czf:tender-only-ltd",
        "ocds-213czf:bidder-ltd",
    ]
    assert (made["process"][0]["buyer_name"], made["award_supplier"][0]["name"]) == (
        "Ministry of Bridges",
        "Steelworks Co",
    )
    assert made["note"] == []


@pytest.mark.parametrize(
    ("place", "role"),
    [
        (lambda who: {"buyer": who}, "buyer"),
        (lambda who: {"tender": {"procuringEntity": who}}, "procuringEntity"),
        (lambda who: {"tender": {"tenderers": [who]}}, "tenderer"),
        (lambda who: {"awards": [{"suppliers": [who]}]}, "supplier"),
        (lambda who: {"bids": {"details": [{"tenderers": [who]}]}}, "tenderer"),
        (lambda who: {"contracts": [{"suppliers": [who]}]}, "supplier"),
        (lambda who: {"contracts": [{"implementation": {"transactions": [{"payer": who}]}}]}, "payer"),
        (lambda who: {"contracts": [{"implementation": {"transactions": [{"payee": who}]}}]}, "payee"),
    ],
)
@pytest.mark.parametrize(
    "parties", [[], [{"id": "x"}], [{"id": "x", "identifier": {"scheme": "PY-RUC"}, "address": {"region": " "}}]]
)
def test_everything_a_reference_says_is_kept_wherever_it_stands(place: Any, role: str, parties: list[Row]) -> None:
    address = {
        "streetAddress": "Calle 1",
        "locality": "Luque",
        "region": "Central",
        "postalCode": "2060",
        "countryName": "Paraguay",
    }
    who = {
        "id": "x",
        "name": "Aceros",
        "identifier": {"scheme": "PY-RUC", "id": "1-1", "legalName": "Aceros S.A."},
        "address": address,
    }
    (party,) = tables(parties=parties, **place(who))["party"]
    assert party["organization_id"] == "PY-RUC-1-1"
    assert (party["name"], party["legal_name"], party["scheme"], party["identifier"]) == (
        "Aceros",
        "Aceros S.A.",
        "PY-RUC",
        "1-1",
    )
    assert [party[name] for name in ("street", "locality", "region", "postal_code", "country")] == list(
        address.values()
    )
    assert party["roles"] == [role]


def test_two_firms_of_one_name_stay_two_and_one_without_a_name_has_its_legal_name() -> None:
    legal = {"identifier": {"scheme": "PY-RUC", "id": "4", "legalName": "Solo Legal S.A."}}
    made = tables(
        buyer=org("Ministerio", "1", address={"region": "Central", "countryName": "Paraguay"}),
        tender={"procuringEntity": org("Ministerio", "1")},
        awards=[
            {"id": "a1", "suppliers": [org("Aceros", "2"), org("Aceros", "3")]},
            {"id": "a2", "suppliers": [legal]},
        ],
    )
    assert ids(made) == ["PY-RUC-1", "PY-RUC-2", "PY-RUC-3", "PY-RUC-4"]
    assert [row["suppliers"] for row in made["award"]] == [2, 1]
    assert made["award_supplier"][2]["name"] == "Solo Legal S.A."
    assert (made["process"][0]["country"], made["process"][0]["region"]) == ("Paraguay", "Central")


def test_a_supplier_with_nothing_but_an_identifier_is_an_organisation() -> None:
    made = tables(
        awards=[
            {"id": "a", "suppliers": [{"identifier": {"scheme": "PY-RUC", "id": "7"}}, {"identifier": {"id": "8"}}]}
        ]
    )
    assert made["award"][0]["suppliers"] == 2
    assert ids(made, "award_supplier")[0] == "PY-RUC-7"


def test_global_ids_tell_firms_of_one_name_apart() -> None:
    made = tables(
        awards=[{"id": "a", "suppliers": [{"id": "GB-COH-1", "name": "Acme"}, {"id": "GB-COH-2", "name": "Acme"}]}]
    )
    assert ids(made, "award_supplier") == ["GB-COH-1", "GB-COH-2"]


def test_a_name_means_the_identifier_that_it_has_elsewhere_if_there_is_one_alone() -> None:
    one = tables(buyer={"name": "ACEROS"}, awards=[{"id": "a", "suppliers": [org("Aceros", "2")]}])
    assert ids(one) == ["PY-RUC-2"]
    two = tables(buyer={"name": "ACEROS"}, awards=[{"id": "a", "suppliers": [org("Aceros", "2"), org("Aceros", "3")]}])
    assert ids(two) == ["ocds-213czf:aceros", "PY-RUC-2", "PY-RUC-3"]
    listed = tables(parties=[org("Aceros", "2", id="p"), org("Aceros", "3", id="q")], buyer={"name": "Aceros"})
    assert ids(listed) == ["PY-RUC-2", "PY-RUC-3", "ocds-213czf:aceros"]


def test_embedded_organisations_are_the_listed_ones_of_their_identifier() -> None:
    made = tables(
        parties=[{"id": "PY-RUC-2", "name": "Aceros"}, org("Bolt", "3", id="b")],
        awards=[{"suppliers": [org("Aceros", "2"), org("BOLT", "3")]}],
    )
    assert [row["party_id"] for row in made["award_supplier"]] == ["PY-RUC-2", "b"]
    assert len(made["party"]) == 2


def test_references_with_identifiers_of_their_own_are_not_the_party_of_their_name() -> None:
    made = tables(
        parties=[{"id": "p", "name": "Aceros"}], awards=[{"suppliers": [org("Aceros", "2"), org("Aceros", "3")]}]
    )
    assert ids(made, "award_supplier") == ["PY-RUC-2", "PY-RUC-3"]
    assert ids(tables(parties=[{"id": "p", "name": "Aceros"}], awards=[{"suppliers": [org("Aceros", "2")]}])) == [
        "PY-RUC-2"
    ]


def test_parts_are_taken_whole_from_the_first_reference_that_has_them() -> None:
    made = tables(
        parties=[{"id": "x", "identifier": {"scheme": "GB-COH"}, "address": {"locality": "York"}}],
        buyer={
            "id": "x",
            "identifier": {"scheme": "XX", "id": "9"},
            "address": {"region": "Central", "countryName": "Paraguay"},
        },
        tender={"procuringEntity": {"id": "x", "name": "X", "identifier": {"scheme": "ZZ", "id": "8"}}},
    )
    (party,) = made["party"]
    assert (party["scheme"], party["identifier"], party["name"]) == ("XX", "9", "X")
    assert (party["locality"], party["region"], party["country"]) == ("York", None, None), (
        "no place is put together from two addresses"
    )
    assert notes(made, "organization_differs") == [
        ("/tender/procuringEntity", "identifier 'XX-9' counts, 'ZZ-8' does not")
    ]


def test_where_a_reference_says_otherwise_the_party_counts_with_a_note() -> None:
    made = tables(
        parties=[
            {
                "id": "x",
                "name": "Acme",
                "identifier": {"scheme": "GB-COH", "id": "1", "legalName": "Acme Limited"},
                "address": {"region": "Kent"},
            }
        ],
        buyer={"id": "x", "name": "ACME."},
        tender={
            "tenderers": [
                {"id": "x", "name": "Acme Limited"},
                {"id": "x", "name": "Bolt", "address": {"region": "Essex"}},
            ]
        },
        awards=[
            {"suppliers": [{"id": "x"}]},
            {"suppliers": [{"id": "x", "name": "bolt", "identifier": {"scheme": "GB-COH", "id": "2"}}]},
        ],
    )
    assert [row["name"] for row in made["party"]] == ["Acme"]
    assert notes(made, "organization_differs") == [
        ("/tender/tenderers", "name 'Acme' counts, 'Bolt' does not"),
        ("/tender/tenderers", "region 'Kent' counts, 'Essex' does not"),
        ("/awards/1/suppliers", "name 'Acme' counts, 'bolt' does not"),
        ("/awards/1/suppliers", "identifier 'GB-COH-1' counts, 'GB-COH-2' does not"),
    ]


def test_what_earlier_references_say_counts_where_the_organisation_is_not_listed() -> None:
    made = tables(buyer={"id": "x", "name": "Acme"}, tender={"procuringEntity": {"id": "x", "name": "Bolt"}})
    assert [row["name"] for row in made["party"]] == ["Acme"]
    assert notes(made, "organization_differs") == [("/tender/procuringEntity", "name 'Acme' counts, 'Bolt' does not")]


def test_a_party_that_is_listed_once_a_role_keeps_all_of_them_and_all_that_is_said() -> None:
    entries = [
        {
            "id": "x",
            "name": "Acme",
            "roles": ["buyer"],
            "address": {"region": "Kent"},
            "additionalIdentifiers": [{"scheme": "A", "id": "1"}],
        },
        {"id": "y", "roles": ["tenderer"]},
        {
            "id": "x",
            "name": None,
            "roles": ["payer"],
            "identifier": {"scheme": "GB-COH", "id": "1"},
            "address": {},
            "memberOf": [{"id": "y"}],
        },
        {
            "id": "x",
            "name": "",
            "roles": ["buyer", "funder"],
            "address": {"countryName": "UK"},
            "additionalIdentifiers": [{"scheme": "B", "id": "2"}],
        },
    ]
    release: dict[str, Any] = {"ocid": "ocds-213czf-1", "id": "1", "date": "2024-01-01T00:00:00Z", "parties": entries}
    earlier: dict[str, Any] = {
        "ocid": "ocds-213czf-1",
        "id": "0",
        "date": "2023-01-01T00:00:00Z",
        "parties": [{"id": "x", "name": "Old", "roles": ["supplier"]}],
    }
    for given in ([release], [earlier, release]):
        read = [(one, instant(one["date"])) for one in given]
        compiled = compile_releases([ReleaseSource(str(one["id"]), orjson.dumps(one), at[0]) for one, at in read if at])
        party, other = json.loads(compiled.release)["parties"]
        assert (party["name"], party["roles"], other["roles"]) == ("Acme", ["buyer", "payer", "funder"], ["tenderer"])
        assert party["address"] == {"region": "Kent", "countryName": "UK"}
        assert [one["id"] for one in party["additionalIdentifiers"]] == ["1", "2"]
        rows = flatten(processes(json.loads(compiled.release)))["party"].to_dicts()
        assert [(row["organization_id"], row["roles"]) for row in rows] == [
            ("GB-COH-1", ["buyer", "funder", "payer"]),
            ("ocds-213czf-1:y", ["tenderer"]),
        ]


@pytest.mark.parametrize(
    "blanks", ["  Padded  Name\t", "Padded\u00a0Name", "\u3000Padded \u2028 Name", "Padded\x1fName\n"]
)
def test_whitespace_at_the_ends_and_runs_of_it_are_removed_from_names_with_a_note(blanks: str) -> None:
    made = tables(
        parties=[{"id": " b", "name": blanks, "roles": ["buyer ", "buyer"]}],
        buyer={"id": "b ", "name": blanks},
        tender={"status": " active", "title": "A  B "},
    )
    (party,) = made["party"]
    assert (party["party_id"], party["name"], party["roles"]) == ("b", "Padded Name", ["buyer"])
    assert (made["process"][0]["buyer_name"], made["process"][0]["status"], made["process"][0]["title"]) == (
        "Padded Name",
        "active",
        "A  B ",
    )
    (note,) = [row for row in made["note"] if row["code"] == "whitespace_removed"]
    assert note["message"].endswith(" more")


def test_blank_texts_are_missing_and_names_that_are_in_order_get_no_note() -> None:
    made = tables(
        parties=[{"id": "b", "name": "Padded Name", "address": {"region": " ", "countryName": ""}}],
        tender={"status": ""},
    )
    assert (made["party"][0]["region"], made["party"][0]["country"], made["process"][0]["status"]) == (None, None, None)
    assert [row["message"][-5:] for row in made["note"]] == [": ' '"]


def test_what_an_earlier_version_accepted_and_this_one_can_not_read_is_left_out_with_a_note() -> None:
    odd = {
        "buyer": {"id": 5, "name": "Ministry", "address": "Luque"},
        "contracts": [{"id": "c", "suppliers": "Acme"}],
        "tender": {"id": 7, "title": "T"},
    }
    made = tables(**odd)
    assert (made["process"][0]["buyer_name"], made["process"][0]["title"], made["process"][0]["tender_id"]) == (
        "Ministry",
        "T",
        "7",
    )
    assert {(row["code"], row["path"]) for row in made["note"]} >= {
        ("unreadable_detail", "/buyer/address"),
        ("unreadable_detail", "/contracts/0/suppliers/0"),
    }


@pytest.mark.parametrize(
    ("status", "noted"), [("active", False), ("Pending", False), (None, False), ("adjudicado", True)]
)
def test_an_award_status_that_is_not_of_the_standard_is_noted(status: str | None, noted: bool) -> None:
    made = tables(awards=[{"id": "a", "status": status}])
    assert [row["path"] for row in made["note"]] == (["/awards/0/status"] if noted else [])
