"""The match stage: organisations that are one have one identity, in gold and in search, in any order of arrival."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from domain.organizations import blocking
from domain.organizations.decisions import Choice
from domain.search.queries import Collection
from infrastructure.warehouse.repository import table
from infrastructure.warehouse.star.organization_tables import OrganizationMatch
from services.maintenance.rebuild import rebuild_gold, rebuild_silver
from services.organizations.decisions import decide
from services.organizations.queries import get_organization, list_matches
from services.pipeline.landing.land import land
from services.pipeline.matching import match as stage
from services.pipeline.matching import recompute
from services.pipeline.matching.match import match
from services.pipeline.publishing.publish import publish
from services.pipeline.refining.refine import refine
from services.pipeline.stage import ATTEMPTS_BEFORE_SINGLE_BATCH
from services.ports.parts import Parts
from tests.support import drain, job_of, lake_in, lines, load, messages, release, rows, submit, verified

Party = dict[str, Any]
QUAY = {"streetAddress": "3 Quay Road", "locality": "Holt", "postalCode": "AB1 2CD", "countryName": "United Kingdom"}
HILL = {"streetAddress": "9 Hill Lane", "locality": "Ayr", "postalCode": "XY9 8ZW", "countryName": "United Kingdom"}


def party(party_id: str, name: str, role: str = "supplier", **more: Any) -> Party:
    return {"id": party_id, "name": name, "roles": [role]} | more


def stated(number: int, *parties: Party, **more: Any) -> dict[str, Any]:
    return release(f"ocds-test01-{number}", parties=list(parties), **more)


def identities(parts: Parts) -> dict[str, str]:
    found = {row["organization_id"]: row["identity"] for row in rows(parts, "dim_organization")}
    return {one: identity for one, identity in found.items() if one != "unknown"}


def statuses(parts: Parts) -> dict[tuple[str, str], str]:
    return {(row["left_id"], row["right_id"]): row["status"] for row in rows(parts, table(OrganizationMatch).name)}


def decided(parts: Parts, one: str, other: str, choice: Choice | None) -> None:
    job = decide(parts.warehouse, parts.messages, (one, other), choice, actor="ada")
    drain(parts)
    assert job_of(parts, job.id).status == "succeeded"


@pytest.fixture
def merged(lake_home: Parts) -> Parts:
    """A lake where two accounts of one supplier are one, and a like-named company elsewhere is another."""
    holt = [
        party("GB-CFS-1", "Holt & Sons Ltd", address=QUAY),
        party("GB-CFS-2", "HOLT AND SONS LIMITED", address=QUAY),
    ]
    award: dict[str, Any] = {"status": "active", "value": {"amount": 100, "currency": "EUR"}}
    load(
        lake_home,
        "a.jsonl",
        lines(
            [
                stated(1, holt[0], awards=[award | {"id": "a", "suppliers": [{"id": "GB-CFS-1"}]}]),
                stated(2, holt[1], awards=[award | {"id": "a", "suppliers": [{"id": "GB-CFS-2"}]}]),
                stated(3, *holt),
                stated(4, party("GB-CFS-3", "Holt & Sons Ltd", address=HILL)),
            ]
        ),
    )
    return lake_home


def test_two_accounts_of_one_supplier_are_one_organization(merged: Parts, tmp_path: Path) -> None:
    assert identities(merged) == {"GB-CFS-1": "GB-CFS-1", "GB-CFS-2": "GB-CFS-1", "GB-CFS-3": "GB-CFS-3"}
    found = {str(one["id"]): one for one in merged.search.scan(Collection.ORGANIZATIONS)}
    assert found.keys() == {"GB-CFS-1", "GB-CFS-3"}
    assert found["GB-CFS-1"]["names"] == ["Holt & Sons Ltd", "HOLT AND SONS LIMITED"]
    assert (found["GB-CFS-1"]["processes"], found["GB-CFS-1"]["awards"]) == (3, 2)
    detail = get_organization(merged.warehouse, "GB-CFS-2", "EUR")
    assert (detail.identity, detail.members, detail.name) == ("GB-CFS-1", ["GB-CFS-1", "GB-CFS-2"], "Holt & Sons Ltd")
    totals = {one.role: one for one in detail.totals}
    assert (totals["any"].processes, totals["supplier"].awards, totals["supplier"].amount_base) == (3, 2, 200.0)
    assert {row["postal_code"] for row in detail.versions} == {"AB1 2CD"}
    assert verified(merged, tmp_path / "home") == []


def test_matches_are_listed_with_score_reason_and_evidence(merged: Parts) -> None:
    automatic, proposed = list_matches(merged.warehouse, "GB-CFS-1").items
    assert (automatic.organization_id, automatic.status, automatic.reason) == ("GB-CFS-2", "automatic", "score")
    assert automatic.score == 1.0
    assert automatic.evidence is not None
    assert automatic.evidence["similarity"]["address"] == 1.0
    assert (proposed.organization_id, proposed.status, proposed.reason) == ("GB-CFS-3", "proposed", "below_threshold")


def test_a_rejected_merge_is_undone_and_a_forced_one_made_and_both_survive_rebuilds(
    merged: Parts, tmp_path: Path
) -> None:
    decided(merged, "GB-CFS-2", "GB-CFS-1", "rejected")
    decided(merged, "GB-CFS-1", "GB-CFS-3", "forced")
    apart = {"GB-CFS-1": "GB-CFS-1", "GB-CFS-2": "GB-CFS-2", "GB-CFS-3": "GB-CFS-1"}
    assert identities(merged) == apart
    assert {str(one["id"]) for one in merged.search.scan(Collection.ORGANIZATIONS)} == {"GB-CFS-1", "GB-CFS-2"}
    first, second = list_matches(merged.warehouse, "GB-CFS-1").items
    assert (first.status, first.reason, first.decided_by, first.pending) == ("rejected", "decision", "ada", False)
    assert (second.status, second.decided_by) == ("forced", "ada")
    assert verified(merged, tmp_path / "home") == []
    rebuilds: list[Callable[[Parts], int]] = [rebuild_gold, rebuild_silver]
    for rebuild in rebuilds:
        rebuild(merged)
        drain(merged)
        assert identities(merged) == apart
    decided(merged, "GB-CFS-1", "GB-CFS-2", None)
    decided(merged, "GB-CFS-3", "GB-CFS-1", None)
    assert identities(merged) == {"GB-CFS-1": "GB-CFS-1", "GB-CFS-2": "GB-CFS-1", "GB-CFS-3": "GB-CFS-3"}
    assert rows(merged, "organization_decision") == []
    assert verified(merged, tmp_path / "home") == []


def test_a_decision_on_organizations_without_names_holds_too(lake_home: Parts, tmp_path: Path) -> None:
    load(lake_home, "a.jsonl", lines([stated(1, {"id": "GB-CFS-8", "roles": ["buyer"]}, party("GB-CFS-9", "TBC"))]))
    decided(lake_home, "GB-CFS-8", "GB-CFS-9", "forced")
    assert identities(lake_home) == {"GB-CFS-8": "GB-CFS-8", "GB-CFS-9": "GB-CFS-8"}
    assert verified(lake_home, tmp_path / "home") == []


def test_a_new_proposal_leaves_the_identity_of_the_other_side_alone(merged: Parts, tmp_path: Path) -> None:
    load(
        merged, "b.jsonl", lines([stated(5, party("GB-CFS-0", "Holt & Sons Ltd", address=HILL | {"postalCode": "Q1"}))])
    )
    assert ("GB-CFS-0", "GB-CFS-2") in statuses(merged)
    assert identities(merged)["GB-CFS-2"] == "GB-CFS-1"
    assert verified(merged, tmp_path / "home") == []


def test_an_identity_ends_with_the_organization_that_gave_it(merged: Parts, tmp_path: Path) -> None:
    other = party("GB-CFS-7", "Someone else")
    load(merged, "b.jsonl", lines([stated(n, other, date="2025-01-01T00:00:00Z", id="2", tag=["x"]) for n in (1, 3)]))
    load(merged, "c.jsonl", lines([stated(4, other, date="2025-01-01T00:00:00Z", id="2")]))
    assert verified(merged, tmp_path / "home") == []


def test_a_reference_record_of_a_member_keeps_its_identity(merged: Parts, tmp_path: Path) -> None:
    record = {"id": "GB-CFS-2", "name": "Holt and Sons Ltd", "country": "GB", "postal_code": "AB1 2CD"}
    load(merged, "organizations.jsonl", json.dumps(record).encode() + b"\n")
    assert identities(merged)["GB-CFS-2"] == "GB-CFS-1"
    assert verified(merged, tmp_path / "home") == []


@pytest.mark.slow
def test_a_block_that_grows_too_large_is_left_out_and_comes_back(
    lake_home: Parts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (blocking, recompute):
        monkeypatch.setattr(module, "BLOCK_MAX_ORGANIZATIONS", 3)
    place = {"countryName": "Kenya"}
    load(lake_home, "a.jsonl", lines([stated(n, party(f"GB-CFS-{n}", "Holt Ltd", address=place)) for n in (1, 2, 3)]))
    assert set(identities(lake_home).values()) == {"GB-CFS-1"}
    load(lake_home, "b.jsonl", lines([stated(4, party("GB-CFS-4", "Holt Ltd", address=place))]))
    assert len(set(identities(lake_home).values())) == 4
    assert "name:holt" in list_matches(lake_home.warehouse, "GB-CFS-1").left_out or statuses(lake_home) == {}
    assert verified(lake_home, tmp_path / "home") == []
    renamed = stated(
        4, party("GB-CFS-5", "Ayr Ltd", address=place), id="2", date="2025-01-01T00:00:00Z", tag=["compiled"]
    )
    load(lake_home, "c.jsonl", lines([renamed]))
    assert identities(lake_home)["GB-CFS-3"] == "GB-CFS-1"
    assert verified(lake_home, tmp_path / "home") == []


def test_organizations_that_make_the_stage_fail_stay_as_they_are(
    lake_home: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any) -> None:
        raise ValueError("no match today")

    said = [stated(1, party("GB-CFS-1", "Holt Ltd", address=QUAY), party("GB-CFS-2", "Holt Ltd", address=QUAY))]
    with monkeypatch.context() as patched:
        patched.setattr("services.pipeline.matching.match.match_organizations", fails)
        job_id = submit(lake_home, "a.jsonl", lines(said))
        for _ in range(2 * ATTEMPTS_BEFORE_SINGLE_BATCH):
            with pytest.raises(ValueError, match="no match"):
                drain(lake_home)
            lake_home.messages.send("match")
        drain(lake_home)
    assert job_of(lake_home, job_id).status == "succeeded"
    assert identities(lake_home) == {"GB-CFS-1": "GB-CFS-1", "GB-CFS-2": "GB-CFS-2"}
    changed = [party("GB-CFS-1", "Holt Ltd", address=QUAY), party("GB-CFS-2", "Holt Limited", address=QUAY)]
    load(lake_home, "b.jsonl", lines([stated(2, *changed)]))
    assert identities(lake_home)["GB-CFS-2"] == "GB-CFS-1"
    with lake_home.warehouse.read() as work:
        assert not match.due(lake_home, work)


parties = st.builds(
    party,
    st.sampled_from(["GB-CFS-1", "GB-CFS-2", "GB-CFS-3", "GB-COH-1", "GB-COH-2", "local"]),
    st.sampled_from(["Holt & Sons Ltd", "Holt and Sons", "Sons Holt Limited", "Holt School 4", "Holt School 5", "TBC"]),
    address=st.sampled_from([QUAY, HILL, {}, {"countryName": "France"}]),
)
loads = st.lists(
    st.lists(
        st.builds(
            lambda number, version, some: stated(number, *some, id=str(version), date=f"2024-01-0{version}T00:00:00Z"),
            st.integers(1, 4),
            st.integers(1, 3),
            st.lists(parties, min_size=1, max_size=3, unique_by=lambda one: one["id"]),
        ),
        min_size=1,
        max_size=3,
    ),
    min_size=2,
    max_size=4,
)
IDS = st.sampled_from(["GB-CFS-1", "GB-CFS-2", "GB-COH-1", "GB-COH-2"])
decisions = st.lists(
    st.tuples(IDS, IDS, st.sampled_from(["forced", "rejected"])).filter(lambda one: one[0] != one[1]), max_size=2
)


@pytest.mark.slow
@settings(
    max_examples=6,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(loads, decisions)
def test_any_order_of_loads_and_decisions_ends_like_a_rebuild(
    tmp_path_factory: pytest.TempPathFactory,
    migrated: Path,
    said: list[list[dict[str, Any]]],
    choices: list[tuple[str, str, Choice]],
) -> None:
    home = tmp_path_factory.mktemp("any") / "home"
    with lake_in(home, migrated) as parts:
        for number, releases in enumerate(said):
            load(parts, f"{number}.jsonl", lines(releases))
            for one, other, choice in choices[number : number + 1]:
                if {one, other} <= identities(parts).keys():
                    decided(parts, one, other, choice)
        assert verified(parts, home) == []


def test_the_documents_of_processes_do_not_wait_for_a_long_run(
    lake_home: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stage, "SLICE_ORGANIZATIONS", 1)
    parties = [party(f"p{number}", f"Works {number}") for number in range(3)]
    land(lake_home, submit(lake_home, "a.jsonl", lines([stated(1, *parties)])))
    refine(lake_home)
    publish(lake_home)
    messages(lake_home).waiting.clear()
    woken: list[tuple[str, ...]] = []

    def watched(*arguments: Any) -> int:
        woken.extend(messages(lake_home).waiting)
        return recompute.match_organizations(*arguments)

    monkeypatch.setattr(stage, "match_organizations", watched)
    match(lake_home)
    assert ("index",) in woken
