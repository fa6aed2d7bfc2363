"""Red flags for readers: the links from a result to the facts and raw records that produced it."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from domain.red_flags.results import Result
from domain.star.process_view import Organization, RedFlag

Row = dict[str, Any]
ORDER = {Result.FLAGGED.value: 0, Result.NOT_COMPUTABLE.value: 2}  # others are 1
FACTS = ("bid", "award", "item")


def with_links(row: Row) -> Row:
    """The row of fact_red_flag with `links`."""
    return row | {"links": links_of(row)}


def links_of(row: Mapping[str, Any]) -> dict[str, str]:
    """Links to the indicator; of a flagged result, to the facts, processes and raw records that it is of."""
    links = {"indicator": _query("dimensions/indicator", "code", [row["indicator"]["code"]])}
    evidence = row["evidence"] or {}
    ocids = [row["ocid"]] if row["ocid"] else evidence.get("process", [])
    if row["ocid"]:
        path = quote(row["ocid"], safe="")
        links |= {"process": f"/v1/gold/processes/{path}", "lineage": f"/v1/lineage/{path}"}
    elif ocids:
        links["process"] = _query("facts/process", "ocid", ocids)
    if ocids:
        links["raw"] = f"/v1/raw/releases?{urlencode([('ocid', ocid) for ocid in ocids])}"
    return links | {
        fact: _query(f"facts/{fact}", f"{fact}_key", evidence[fact]) for fact in FACTS if evidence.get(fact)
    }


def red_flag_view(row: Row) -> RedFlag:
    """The model of a row of fact_red_flag."""
    organization = row["organization"]
    named = Organization(
        id=row["organization_id"], **{name: organization[name] for name in ("name", "country", "region", "locality")}
    )
    same = {name: row[name] for name in ("subject", "role", "result", "value", "missing", "evidence")}
    return RedFlag(
        indicator=row["indicator"]["code"],
        name=row["indicator"]["name"],
        organization=named if row["organization_id"] else None,
        links=links_of(row),
        **same,
    )


def flagged_first(row: Row) -> tuple[int, str, str]:
    """The sort key of a process's flags."""
    return ORDER.get(row["result"], 1), row["indicator"]["code"], row["organization_id"] or ""


def _query(path: str, name: str, values: list[str]) -> str:
    return f"/v1/gold/{path}?{urlencode([(name, value) for value in values])}"
