"""Explains why a JSON object is not OCDS: its likely format, its members, where it seems to hold releases. Pure."""

from collections import deque
from typing import Any

from domain.shared.json_pointer import pointer

RELEASE_MEMBERS = {"tag", "initiationType", "planning", "tender", "awards", "contracts", "buyer", "parties", "bids"}
RELEASE_MEMBERS |= {"relatedProcesses"}
IDENTIFYING = {"id", "date", "tag", "ocid"}  # one of these and one of RELEASE_MEMBERS make a release
PACKAGE_MEMBERS = {"uri", "publishedDate", "publisher", "license", "publicationPolicy", "packages", "extensions"}
ERROR_MEMBERS = ("error", "errors", "fault", "exception", "message", "detail")
ERROR_COMPANIONS = {"status", "code", "statusCode", "status_code", "title", "type"}
GEOJSON = {"FeatureCollection", "Feature", "GeometryCollection", "Point", "Polygon", "MultiPolygon", "LineString"}
SHOWN_MEMBERS = 12
SHOWN_CHARACTERS = 200
SEARCH_MAX_OBJECTS = 2_000  # objects searched for releases
SEARCH_ARRAY_ELEMENTS = 3  # elements searched per array


def not_ocds(element: dict[str, Any]) -> str | None:
    """Why an object without a list of releases or records is not OCDS; None for a release, even an incomplete one."""
    if "ocid" in element or (element.keys() & RELEASE_MEMBERS and element.keys() & IDENTIFYING):
        return None
    named = _named(element)
    if named is None and (found := _releases(element)):
        return f"not OCDS itself: {_members(element)}; releases seem to be at {found}: upload that part"
    return f"not OCDS: {named or _members(element)}; expected an object with releases, records or a release's ocid"


def _named(element: dict[str, Any]) -> str | None:
    """The format, if it is one that is often confused with OCDS."""
    if isinstance(element.get("projects"), list) or "contractingProcesses" in element:
        return f"an OC4IDS package or project, which is not supported ({_members(element)})"
    if "$schema" in element or isinstance(element.get("properties"), dict) or "$defs" in element:
        return "a JSON Schema" + (
            f" ({element['title']!r:.{SHOWN_CHARACTERS}})" if isinstance(element.get("title"), str) else ""
        )
    if "openapi" in element or "swagger" in element:
        return "an API description (OpenAPI)"
    if isinstance(resources := element.get("resources"), list) and any(
        isinstance(one, dict) and one.keys() & {"path", "data", "url"} for one in resources
    ):
        return "a data package (datapackage.json), which describes files; upload the files that it lists"
    if element.get("type") in GEOJSON and element.keys() & {"features", "geometry", "geometries", "coordinates"}:
        return "GeoJSON"
    if _releases(element):
        return None
    if message := _error(element):
        return f"an error message of a server: {message!r:.{SHOWN_CHARACTERS}}"
    if len(element.keys() & PACKAGE_MEMBERS) >= 2:
        return f"the metadata of a package, without releases and records ({_members(element)})"
    return None


def _error(element: dict[str, Any]) -> str | None:
    """The message of an error response of an API; None if it is no such response."""
    for name in ERROR_MEMBERS:
        message = element.get(name)
        if isinstance(message, list) and message:
            message = message[0]
        if isinstance(message, dict):
            keys = ("message", "detail", "description", "title", "reason")
            message = next((text for key in keys if isinstance(text := message.get(key), str)), None)
        unambiguous = name in {"error", "errors", "fault", "exception"} or element.keys() & ERROR_COMPANIONS
        if isinstance(message, str) and message and unambiguous:
            return message
    return None


def _members(element: dict[str, Any]) -> str:
    names = [f"{name:.60}" for name in list(element)[:SHOWN_MEMBERS]]
    more = f" and {len(element) - SHOWN_MEMBERS} more" if len(element) > SHOWN_MEMBERS else ""
    return f"an object with the members {', '.join(names)}{more}" if names else "an empty object"


def _releases(element: dict[str, Any]) -> str | None:
    """JSON Pointer of the first member, nearest to the root, that looks like releases."""
    pending: deque[tuple[Any, tuple[str | int, ...]]] = deque([(element, ())])
    for _ in range(SEARCH_MAX_OBJECTS):
        if not pending:
            return None
        value, path = pending.popleft()
        if isinstance(value, list):
            first = enumerate(value[:SEARCH_ARRAY_ELEMENTS])
            pending += ((item, (*path, index)) for index, item in first if isinstance(item, dict | list))
            continue
        for name in ("releases", "records"):
            if isinstance(value.get(name), list) and any(isinstance(one, dict) for one in value[name]):
                return pointer([*path, name])
        if isinstance(value.get("ocid"), str) and value.keys() & {"date", "tag", "releases", "compiledRelease"}:
            return pointer(path[:-1] if path and isinstance(path[-1], int) else path)
        pending += ((one, (*path, name)) for name, one in value.items() if isinstance(one, dict | list))
    return None
