"""What real data gets wrong: faults that can be repaired, and those that can't."""

import random
from typing import Any

import orjson

Release = dict[str, Any]
KINDS_REPAIRABLE = 7
KINDS_BROKEN = 5


def repairable(rng: random.Random, release: Release) -> Release:
    """The release with one fault that a careful reader repairs."""
    kind = rng.randrange(KINDS_REPAIRABLE)
    tender = release["tender"]
    if kind == 0:
        tender["items"] = tender["items"][0]  # an object where an array belongs
    elif kind == 1:
        tender["items"] = [item | {"id": int(item["id"])} for item in tender["items"]]
    elif kind == 2:
        release["date"] = release["date"][:19]  # no zone
    elif kind == 3:
        tender["title"] = tender["title"] + "\x00"
    elif kind == 4:
        tender["documents"] = [*tender["documents"], tender["documents"][0]]  # an id twice
        tender["value"]["amount"] = str(tender["value"]["amount"])
    elif kind == 5:
        tender["value"]["amount"] = f"{tender['value']['amount']:.2f}"  # a text where a number belongs
    else:
        del release["id"]
    return release


def broken(rng: random.Random, release: Release) -> bytes:
    """A line that can't be used, for a reason that can be told."""
    kind = rng.randrange(KINDS_BROKEN)
    if kind == 0:
        return orjson.dumps(release)[: 200 + rng.randrange(400)]
    if kind == 1:
        del release["ocid"]
    elif kind == 2:
        release["date"] = "soon"
    elif kind == 3:
        release["tender"] = "see the notice"
    else:
        release["tender"]["value"] = {"amount": {"net": 5}, "currency": "GBP"}
    return orjson.dumps(release)
