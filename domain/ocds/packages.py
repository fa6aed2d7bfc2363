"""Unpacks an element into releases: itself, or those of an OCDS record or a package. Pure; does not validate them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

PACKAGE_LISTS = {"releases", "records"}
PACKAGE_MAX_LEVELS = 3  # nested packages or arrays; real publications have fewer


@dataclass(frozen=True)
class UnpackedRelease:
    """A release at `path` (JSON Pointer in the element), or `refusal` (code, reason) if there is none at that place."""

    path: str
    value: Any
    compiled: str = ""  # why a compiled release replaces its releases; "" if this is no compiled release
    refusal: tuple[str, str] | None = None


def unpack_releases(element: Any, path: str = "", depth: int = 0) -> Iterator[UnpackedRelease]:
    """Yield the releases of a release, an OCDS record, a package of either, or an array of these."""
    if depth > PACKAGE_MAX_LEVELS:
        yield UnpackedRelease(
            path, element, refusal=("too_deep", f"packages are nested more than {PACKAGE_MAX_LEVELS} deep")
        )
    elif isinstance(element, list):
        yield from _each(element, path, depth)
    elif not isinstance(element, dict):
        yield UnpackedRelease(
            path,
            element,
            refusal=("not_an_object", f"expected a release, a record or a package, got {json_type_name(element)}"),
        )
    elif isinstance(element.get("records"), list | dict):
        for name in (key for key in element if key in PACKAGE_LISTS and isinstance(element[key], list | dict)):
            yield from _each(element[name], f"{path}/{name}", depth)
    elif element.keys() & {"releases", "compiledRelease", "versionedRelease"}:
        yield from _record(element, path, depth)
    else:
        yield UnpackedRelease(path, element, "it is itself a compiled release" if is_compiled(element) else "")


def is_link(release: Any) -> bool:
    """Whether this is only a link to a release."""
    return isinstance(release, dict) and "url" in release and "ocid" not in release


def is_compiled(release: dict[str, Any]) -> bool:
    """Whether its tag marks it as a compiled release."""
    tag = release.get("tag")
    return tag == "compiled" or (isinstance(tag, list) and "compiled" in tag)


def json_type_name(value: Any) -> str:
    """The type of a JSON value, for messages."""
    names = {
        bool: "true or false",
        int: "a number",
        float: "a number",
        str: "a text",
        list: "an array",
        dict: "an object",
    }
    return next((name for kind, name in names.items() if isinstance(value, kind)), "null")


def _each(elements: Any, path: str, depth: int) -> Iterator[UnpackedRelease]:
    if isinstance(elements, dict):  # one object where an array belongs
        yield from unpack_releases(elements, path, depth + 1)
        return
    for index, one in enumerate(elements):
        yield from unpack_releases(one, f"{path}/{index}", depth + 1)


def _record(record: dict[str, Any], path: str, depth: int) -> Iterator[UnpackedRelease]:
    """An OCDS record or a release package.

    All releases are preferred; next a compiled release; last a part of the releases.
    """
    releases, compiled = record.get("releases"), record.get("compiledRelease")
    embedded = releases if isinstance(releases, dict | list) and releases else []
    links = _links(embedded)
    if isinstance(compiled, dict) and (links or not embedded):
        yield UnpackedRelease(f"{path}/compiledRelease", compiled, _why_compiled(embedded, links))
        if isinstance(embedded, list):
            yield from (
                piece
                for index, one in enumerate(embedded)
                if not is_link(one)
                for piece in unpack_releases(one, f"{path}/releases/{index}", depth + 1)
            )
    elif embedded:
        yield from _each(embedded, f"{path}/releases", depth)
    elif releases is not None and not isinstance(releases, list | dict):
        yield UnpackedRelease(
            path, record, refusal=("wrong_type", f"releases: expected an array, got {json_type_name(releases)}")
        )
    elif "ocid" in record or "compiledRelease" in record or "versionedRelease" in record:
        yield UnpackedRelease(
            path, record, refusal=("record_without_releases", "the record has neither releases nor a compiled release")
        )


def _links(releases: list[Any] | dict[str, Any]) -> int:
    """Number of links among the releases; an object counts as an array of one."""
    return sum(map(is_link, releases if isinstance(releases, list) else [releases]))


def _why_compiled(releases: list[Any] | dict[str, Any], links: int) -> str:
    if not releases:
        return "its record has no releases"
    whole = 0 if isinstance(releases, dict) else len(releases) - links
    return (
        f"{links} of the {links + whole} releases of its record are links only"
        if whole
        else "its record has links to releases only"
    )
