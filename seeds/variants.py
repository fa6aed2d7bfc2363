"""Publishing styles: names only in references, embedded organisations (OCDS 1.0), awards without a winner.

The process's number selects the style: all its releases share it, and the random sequence is unaffected.
"""

from collections.abc import Callable
from typing import Any

from seeds.case import Json

NAMELESS = (19, 3)  # (modulus, remainder) of process numbers: `parties` lacks names, references have them
EMBEDDED = (19, 8)  # OCDS 1.0: no `parties`, organisations embedded where they are referred to
LOST = (2, 1)  # inactive awards name the bidder that they were intended for
REFERENCES = {"buyer", "procuringEntity", "tenderers", "suppliers", "payer", "payee"}
OF_1_0 = ("name", "identifier", "address", "contactPoint")


def varied(release: Json, number: int) -> Json:
    """The release of process `number` in its publishing style."""
    if _is(number, LOST):
        release = _with_losers(release)
    if _is(number, NAMELESS):
        return _nameless(release)
    return embedded(release) if _is(number, EMBEDDED) else release


def _is(number: int, chosen: tuple[int, int]) -> bool:
    return number % chosen[0] == chosen[1]


def embedded(release: Json) -> Json:
    """The release as in OCDS 1.0: organisations embedded without ids, no `parties`."""
    whole = {_mark(party): {key: party[key] for key in OF_1_0 if key in party} for party in release["parties"]}
    rest = {key: value for key, value in release.items() if key != "parties"}
    made: Json = _with_references(rest, lambda one: {"name": one["name"]} | whole.get(_mark(one), {}))
    return made


def _nameless(release: Json) -> Json:
    """The release with the names of parties with ids in references only."""
    named: set[str] = set()

    def meet(reference: Json) -> Json:
        named.update({reference["id"]} if "id" in reference else ())
        return reference

    _with_references({key: value for key, value in release.items() if key != "parties"}, meet)
    return {
        **release,
        "parties": [_without_name(party) if party.get("id") in named else party for party in release["parties"]],
    }


def _without_name(party: Json) -> Json:
    known = {key: value for key, value in party.items() if key != "name"}
    number = {key: value for key, value in party.get("identifier", {}).items() if key != "legalName"}
    return (
        {**known, "identifier": number}
        if number
        else {key: value for key, value in known.items() if key != "identifier"}
    )


def _with_losers(release: Json) -> Json:
    """The release whose awards without suppliers name the cheapest bidder of their lot, and its price."""
    bids = {bid["id"]: bid for bid in release.get("bids", {}).get("details", ())}
    awards, losers = [], []
    for index, award in enumerate(release.get("awards", ()), 1):
        bid = bids.get(f"{index}-1")
        if bid is None or award["suppliers"]:
            awards.append(award)
            continue
        losers += [_mark(one) for one in bid["tenderers"]]
        awards.append({**award, "suppliers": bid["tenderers"], "value": bid["value"]})
    if not losers:
        return release
    parties = [_with_role(party, "supplier") if _mark(party) in losers else party for party in release["parties"]]
    return {**release, "awards": awards, "parties": parties}


def _with_role(party: Json, role: str) -> Json:
    return {**party, "roles": [*party["roles"], *({role} - set(party["roles"]))]}


def _mark(one: Json) -> str:
    """The identity of an organisation within its process."""
    mark: str = one.get("id") or one["name"]
    return mark


def _with_references(value: Any, put: Callable[[Json], Json], key: str = "") -> Any:
    """The value with each organisation reference replaced by `put`."""
    if key in REFERENCES:
        return [put(one) for one in value] if isinstance(value, list) else put(value)
    if isinstance(value, dict):
        return {name: _with_references(inner, put, name) for name, inner in value.items()}
    return [_with_references(inner, put) for inner in value] if isinstance(value, list) else value
