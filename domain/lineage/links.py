"""URLs of the API that lineage points to."""

from collections.abc import Mapping, Sequence
from urllib.parse import quote, urlencode

Filters = Mapping[str, str | int | Sequence[str]]


def facts_link(fact: str, filters: Filters) -> str:
    """The list of the fact's rows that meet the filters, as `GET /v1/gold/facts/{fact}` takes them.

    A sequence of values matches any of them. A number shown to clients links so to the rows that it is made of.
    """
    return f"/v1/gold/facts/{quote(fact, safe='')}?{urlencode(filters, doseq=True)}"


def process_link(ocid: str) -> str:
    """The contracting process in the star."""
    return f"/v1/gold/processes/{quote(ocid, safe='')}"


def lineage_link(ocid: str) -> str:
    """The lineage of the contracting process."""
    return f"/v1/lineage/{quote(ocid, safe='')}"


def quality_link(ocid: str) -> str:
    """The data quality of the contracting process."""
    return f"/v1/quality/processes/{quote(ocid, safe='')}"


def raw_link(kind: str, record_id: str, version: int | None = None) -> str:
    """The current version of a raw record, or that version."""
    path = f"/v1/raw/{kind}/{quote(record_id, safe=':')}"
    return path if version is None else f"{path}/versions/{version}"


def job_link(job_id: str) -> str:
    """The job."""
    return f"/v1/jobs/{job_id}"
