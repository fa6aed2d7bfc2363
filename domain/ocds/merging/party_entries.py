"""Merges parties that a release lists several times under one id; some publishers list them once per role. Pure."""

from typing import Any

Json = dict[str, Any]
NOTHING: tuple[Any, ...] = (None, "", {}, [])


def merge_duplicate_parties(release: Json) -> Json:
    """The release, in place, with one entry of `parties` per id: with the roles and members of all; the last one wins.

    Merging replaces lists of strings such as `roles`, so that only those of the last entry would be left. Validation
    notes repeated ids.
    """
    parties = release.get("parties")
    if not isinstance(parties, list) or len(parties) < 2:
        return release
    ids = [_id(party) for party in parties]
    known = [party_id for party_id in ids if party_id is not None]
    if len(set(known)) == len(known):
        return release
    merged: dict[str, Json] = {}
    kept: list[Any] = []
    for party_id, party in zip(ids, parties, strict=True):
        if party_id is not None and party_id in merged:
            _add(merged[party_id], party)
        else:
            kept.append(party)
            if party_id is not None:
                merged[party_id] = party
    release["parties"] = kept
    return release


def _id(party: Any) -> str | None:
    """The id as a string: 1 and "1" are the same."""
    found = party.get("id") if isinstance(party, dict) else None
    return str(found) if isinstance(found, str | int) and not isinstance(found, bool) else None


def _add(party: Json, other: Json) -> None:
    for key, value in other.items():
        current = party.get(key)
        if value in NOTHING and key in party:
            continue
        if isinstance(value, dict) and isinstance(current, dict):
            _add(current, value)
        elif isinstance(value, list) and isinstance(current, list):
            current += [item for item in value if item not in current]
        elif key != "id" or current is None:
            party[key] = value
