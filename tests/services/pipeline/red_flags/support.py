"""Releases with bids, and the stored flags."""

from typing import Any

from domain.red_flags.registry import INDICATORS
from domain.red_flags.star import INDICATOR_KEYS
from services.ports.parts import Parts
from tests.support import release, rows

CODES = {INDICATOR_KEYS[one.code]: one.code for one in INDICATORS}
Flags = dict[tuple[str, str], str]


def party(number: int, role: str) -> dict[str, Any]:
    """An organisation with a registered identifier."""
    return {"id": f"GB-COH-{number}", "name": f"Firm {number}", "roles": [role]}


def tendered(name: str, win: float, second: float, **tender: Any) -> dict[str, Any]:
    """A release of a process that firm 1 won at the price `win`; firm 2 asked `second`. Its buyer is firm 9."""
    parties = [party(1, "tenderer"), party(2, "tenderer"), party(9, "buyer")]
    names = [{key: one[key] for key in ("id", "name")} for one in parties]
    bids = [
        {"id": str(at), "status": "valid", "value": {"amount": amount, "currency": "GBP"}, "tenderers": [names[at]]}
        for at, amount in enumerate((win, second))
    ]
    items = [{"id": "1", "classification": {"scheme": "CPV", "id": "45000000"}}]
    award = {"id": "1", "status": "active", "suppliers": [names[0]], "items": items}
    about = {"procurementMethod": "open", "numberOfTenderers": 2} | tender
    return release(
        f"ocds-test01-{name}",
        buyer=names[2],
        parties=parties,
        tender=about,
        bids={"details": bids},
        awards=[award],
    )


def flags(parts: Parts, *codes: str) -> Flags:
    """(indicator, ending of the ocid or id of the organisation) → result, of the processes and of organisations over
    all their processes."""
    found: Flags = {}
    for row in rows(parts, "fact_red_flag"):
        code = CODES[row["indicator_key"]]
        if code in codes and (row["subject"] == "process" or row["process_key"] is None):
            found[code, row["ocid"].split("-")[-1] if row["ocid"] else row["organization_id"]] = row["result"]
    return found
