"""JSON objects that are no OCDS: what they are instead, what they hold, and where releases seem to lie in them. Pure."""

from collections import deque
from typing import Any

from domain.shared.json_pointer import pointer

RELEASE_MEMBERS = {"tag", "initiationType", "planning", "tender", "awards", "contracts", "buyer", "parties", "bids", "relatedProcesses"}
IDENTIFYING = {"id", "date", "tag", "ocid"}  # one of these beside a member of a release makes it one
PACKAGE_MEMBERS = {"uri", "publishedDate", "publisher", "license", "publicationPolicy", "packages", "extensions"}
ERROR_MEMBERS = ("error", "errors", "fault", "exception", "message", "detail")
GEOJSON = {"FeatureCollection", "Feature", "GeometryCollection", "Point", "Polygon", "MultiPolygon", "LineString"}
SHOWN_MEMBERS = 12
SHOWN_CHARACTERS = 200
MOST_OBJECTS = 2_000  # looked at in search of releases
FIRST_ELEMENTS = 3  # of each array


def not_ocds(element: dict[str, Any]) -> str | None:
    """Why an object without a list of releases or records is no OCDS; None where it is a release, perhaps one that lacks something."""
    if "ocid" in element or (element.keys() & RELEASE_MEMBERS and element.keys() & IDENTIFYING):
        return None
    named = _named(element)
    if named is None and (found := _releases(element)):
        return f"no OCDS itself: {_members(element)}; releases seem to lie at {found}: upload that part"
    return f"no OCDS: {named or _members(element)}; expected an object with releases, with records, or with the ocid of a release"


def _named(element: dict[str, Any]) -> str | None:
    """What it is, where it is of a kind that is often taken for OCDS."""
    if isinstance(element.get("projects"), list) or "contractingProcesses" in element:
        return f"an OC4IDS package or project, which is not read ({_members(element)})"
    if "$schema" in element or isinstance(element.get("properties"), dict) or "$defs" in element:
        return "a JSON Schema" + (f" ({element['title']!r:.{SHOWN_CHARACTERS}})" if isinstance(element.get("title"), str) else "")
    if "openapi" in element or "swagger" in element:
        return "the description of an API (OpenAPI)"
    if isinstance(resources := element.get("resources"), list) and any(isinstance(one, dict) and one.keys() & {"path", "data", "url"} for one in resources):
        return "a data package (datapackage.json), which describes files; upload the files that it names"
    if element.get("type") in GEOJSON and element.keys() & {"features", "geometry", "geometries", "coordinates"}:
        return "GeoJSON"
    if _releases(element):
        return None
    if said := _error(element):
        return f"an error message, as servers answer with: {said!r:.{SHOWN_CHARACTERS}}"
    if len(element.keys() & PACKAGE_MEMBERS) >= 2:
        return f"a package that says something of itself only, without releases and records ({_members(element)})"
    return None


def _error(element: dict[str, Any]) -> str | None:
    """The words of an error, such as an API answers with."""
    for name in ERROR_MEMBERS:
        said = element.get(name)
        if isinstance(said, list) and said:
            said = said[0]
        if isinstance(said, dict):
            said = next((text for key in ("message", "detail", "description", "title", "reason") if isinstance(text := said.get(key), str)), None)
        alone = name in {"error", "errors", "fault", "exception"} or element.keys() & {"status", "code", "statusCode", "status_code", "title", "type"}
        if isinstance(said, str) and said and alone:
            return said
    return None


def _members(element: dict[str, Any]) -> str:
    names = [f"{name:.60}" for name in list(element)[:SHOWN_MEMBERS]]
    more = f" and {len(element) - SHOWN_MEMBERS} more" if len(element) > SHOWN_MEMBERS else ""
    return f"an object with the members {', '.join(names)}{more}" if names else "an empty object"


def _releases(element: dict[str, Any]) -> str | None:
    """JSON Pointer of what looks most like releases, nearest to the root first."""
    pending: deque[tuple[Any, tuple[str | int, ...]]] = deque([(element, ())])
    for _ in range(MOST_OBJECTS):
        if not pending:
            return None
        value, path = pending.popleft()
        if isinstance(value, list):
            pending += ((one, (*path, index)) for index, one in enumerate(value[:FIRST_ELEMENTS]) if isinstance(one, dict | list))
            continue
        for name in ("releases", "records"):
            if isinstance(value.get(name), list) and any(isinstance(one, dict) for one in value[name]):
                return pointer([*path, name])
        if isinstance(value.get("ocid"), str) and value.keys() & {"date", "tag", "releases", "compiledRelease"}:
            return pointer(path[:-1] if path and isinstance(path[-1], int) else path)
        pending += ((one, (*path, name)) for name, one in value.items() if isinstance(one, dict | list))
    return None
