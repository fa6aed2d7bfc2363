"""Which organisations are one: pairs that a person would call the same, and pairs that only look alike."""

from typing import Any

import orjson
import polars as pl
import pytest

from domain.organizations.blocking import candidate_pairs
from domain.organizations.comparison import country_similarity, name_similarity
from domain.organizations.matcher import ORGANIZATION_MATCHER, MatcherBuilder
from domain.organizations.profiles import SOURCE, TEXTS, organization_profiles

Fields = dict[str, Any]
QUAY = {"street": "3 Quay Road", "locality": "Holt", "postal_code": "AB1 2CD", "country": "GB"}
HILL = {"street": "9 Hill Lane", "locality": "Ayr", "postal_code": "XY9 8ZW", "country": "GB"}


def profiles(*organizations: Fields) -> pl.DataFrame:
    """Profiles of organisations; `id` is their organisation id."""
    rows = [
        {"organization_key": number, "organization_id": one.get("id", f"org-{number}"), "identity": ""}
        | {name: one.get(name) for name in TEXTS}
        | {"reference": False, "is_current": True, "valid_from": None}
        for number, one in enumerate(organizations)
    ]
    return organization_profiles(pl.DataFrame(rows, schema=SOURCE))


def compared(*organizations: Fields) -> list[dict[str, Any]]:
    """The scores of the pairs of organisations that share a block."""
    found = profiles(*organizations)
    blocks = ORGANIZATION_MATCHER.blocks(found)
    return ORGANIZATION_MATCHER.scores(candidate_pairs(blocks, blocks), found).to_dicts()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param({"name": "Holt & Sons Ltd", **QUAY}, {"name": "HOLT AND SONS LIMITED", **QUAY}, id="form"),
        pytest.param({"name": "Ibáñez Obras SL", "country": "ES"}, {"name": "Ibanez Obras S.L.", "country": "Spain"}),
        pytest.param({"name": "Council of Holt", **QUAY}, {"name": "Holt Council", **QUAY}, id="order"),
        pytest.param({"name": "Dept. of Works", "country": "KE"}, {"name": "Department of Works", "country": "Kenya"}),
        pytest.param({"name": "Brightwater Pumps", **QUAY}, {"name": "Brightwatr Pumps", **QUAY}, id="typing error"),
        pytest.param({"name": "OpenView Ltd", **QUAY}, {"name": "Open View Limited", **QUAY}, id="written apart"),
        pytest.param({"name": "Quay Europe Plc", "street": "3 Quay Road"}, {"name": "Quay Europe PLC", **QUAY}),
        pytest.param({"name": "Marsh Motors Ltd (t/a Marsh Cabs)", **QUAY}, {"name": "MARSH MOTORS LIMITED", **QUAY}),
        pytest.param({"name": "Harbour Health (HH)", **QUAY}, {"name": "Harbour Health", **QUAY}, id="acronym"),
        pytest.param({"name": "Mid & West Fire", **QUAY}, {"name": "Mid and West Fire Authority", **QUAY}, id="weak"),
        pytest.param({"name": "Anvil Products Ltd", **QUAY}, {"name": "Anvil Products", **QUAY}, id="form missing"),
        pytest.param(
            {"name": "Anvil Ltd", "id": "GB-COH-00123", "country": "GB"},
            {"name": "Old Anvil", "id": "GB-COH-123", "country": "GB"},
            id="number with zeros",
        ),
        pytest.param(
            {"name": "Anvil Ltd", "id": "GB-CFS-1", **QUAY},
            {"name": "Anvil Ltd", "id": "GB-CFS-2", **QUAY},
            id="accounts",
        ),
    ],
)
def test_what_a_person_would_call_the_same_qualifies(one: Fields, other: Fields) -> None:
    (pair,) = compared(one, other)
    assert pair["qualified"], pair
    assert pair["score"] >= ORGANIZATION_MATCHER.threshold


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"name": "Holt School No 4", **QUAY}, {"name": "Holt School No 5", **QUAY}),
        ({"name": "Holt Ward", **QUAY}, {"name": "Holt Ward 3", **QUAY}),
        ({"name": "North Holt Council", **QUAY}, {"name": "South Holt Council", **QUAY}),
        ({"name": "City of Holt", **QUAY}, {"name": "Holt County", **QUAY}),
        ({"name": "Holt Council", **QUAY}, {"name": "Holt County Borough Council", **QUAY}),
        ({"name": "Mullen Property Services Ltd", **QUAY}, {"name": "Mullen Property Solutions Ltd", **QUAY}),
        ({"name": "Holt Boys School", **QUAY}, {"name": "Holt Girls School", **QUAY}),
        ({"name": "Marlow Taxis", **QUAY}, {"name": "Barlow Taxis", **QUAY}),
        ({"name": "Ministry of Health", "country": "KE"}, {"name": "Ministry of Health", "country": "UG"}),
        ({"name": "Ministry of Health"}, {"name": "Ministry of Health"}),
        ({"name": "Holt Builders Ltd", **QUAY}, {"name": "Holt Builders Ltd", **HILL}),
        ({"name": "Quay Europe", **QUAY}, {"name": "Quay Group", **QUAY}),
        ({"name": "Anvil Ltd", "id": "GB-COH-1", **QUAY}, {"name": "Anvil Ltd", "id": "GB-COH-2", **QUAY}),
        (
            {"name": "Anvil", "scheme": "ES-NIF", "identifier": "B1", "country": "ES"},
            {"name": "Anvil", "scheme": "ES-NIF", "identifier": "B2", "country": "ES"},
        ),
        ({"name": "Anvil GmbH", "country": "DE"}, {"name": "Anvil AG", "country": "DE"}),
        ({"name": "Second Harbour Trust", **QUAY}, {"name": "Third Harbour Trust", **QUAY}),
    ],
)
def test_what_only_looks_alike_does_not_qualify(one: Fields, other: Fields) -> None:
    assert not [pair for pair in compared(one, other) if pair["qualified"]]


def test_a_pair_says_why() -> None:
    (pair,) = compared({"name": "Holt & Sons Ltd", **QUAY}, {"name": "Holt and Sons Limited", **HILL})
    assert (pair["reason"], pair["qualified"]) == ("below_threshold", False)
    evidence = orjson.loads(pair["evidence"])
    assert evidence["similarity"] == {"name": 1.0, "legal_form": 1.0, "country": 1.0, "address": 0.0}
    assert evidence["left"]["name"] == "Holt & Sons Ltd"
    assert evidence["right"]["postal_code"] == "XY98ZW"
    (vetoed,) = compared({"name": "Holt Harbour School 4", **QUAY}, {"name": "Holt Harbour School 5", **QUAY})
    assert vetoed["reason"] == "distinguishing_words"
    (numbered,) = compared({"name": "A B", "id": "GB-COH-01", **QUAY}, {"name": "A B", "id": "GB-COH-1", **QUAY})
    assert (numbered["reason"], numbered["score"]) == ("same_registered_number", 1.0)


def test_a_profile_completes_the_current_version_with_older_ones() -> None:
    rows: list[Fields] = [
        {"organization_key": 1, "is_current": False, "name": "Old name", "postal_code": "AB1 2CD", "locality": " "},
        {"organization_key": 2, "is_current": True, "name": "New name", "country": "Kenya"},
        {"organization_key": 3, "is_current": False, "name": "Older", "locality": "Holt"},
    ]
    blank = dict.fromkeys(SOURCE) | {"organization_id": "x", "identity": "x", "reference": False}
    (found,) = organization_profiles(pl.DataFrame([blank | row for row in rows], schema=SOURCE)).to_dicts()
    shown = {name: found[name] for name in ("name", "country", "postal_code", "locality")}
    assert shown == {"name": "New name", "country": "KE", "postal_code": "AB12CD", "locality": "holt"}


@pytest.mark.parametrize("name", [None, " ", "N/A", "Not applicable", "Various", "TBC"])
def test_a_placeholder_names_nobody(name: str | None) -> None:
    assert profiles({"name": name, **QUAY}).height == 0


def test_the_builder_refuses_a_matcher_that_cannot_work() -> None:
    whole = MatcherBuilder().block_by("name").compare("name", name_similarity, weight=1.0)
    assert whole.build(threshold=0.9, proposal=0.5).threshold == 0.9
    with pytest.raises(ValueError, match=r"weights that add up to 1 \(not 1.5\)"):
        whole.compare("country", country_similarity, weight=0.5).build(threshold=0.9, proposal=0.5)
    with pytest.raises(ValueError, match="needs blockers"):
        MatcherBuilder().compare("name", name_similarity, weight=1.0).build(threshold=0.9, proposal=0.5)
    with pytest.raises(ValueError, match="proposal <= threshold"):
        whole.build(threshold=0.5, proposal=0.9)
