"""Atom feeds (RFC 4287)."""

from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import quote
from xml.etree import ElementTree

from domain.saved_searches.saved_search import Match, SavedSearch
from domain.search.queries import Collection

ATOM = "application/atom+xml"
NAMESPACE = "http://www.w3.org/2005/Atom"
PLACES = {
    Collection.PROCESSES: "/v1/gold/processes/{}",
    Collection.ORGANIZATIONS: "/v1/search?collection=organizations&q={}",
}
ELSEWHERE = "/v1/search?collection=documents&q={}"


def atom(search: SavedSearch, matches: Sequence[Match]) -> bytes:
    """The feed of a saved search.

    Its links are relative to where it was fetched (RFC 4287, 2): a Host may be made up.
    """
    feed = ElementTree.Element("feed", xmlns=NAMESPACE)
    _add(feed, "id", f"urn:tenderlake:search:{search.id}")
    _add(feed, "title", search.name)
    _add(feed, "updated", _instant(max([search.changed_at, *(one.matched_at for one in matches)])))
    _add(_add(feed, "author", None), "name", "tenderlake")
    _add(feed, "link", None, rel="self", href=f"/v1/searches/{search.id}/feed?token={search.token}")
    for one in matches:
        entry = _add(feed, "entry", None)
        key = quote(one.document_id, safe="")
        _add(entry, "id", f"urn:tenderlake:search:{search.id}:{key}")
        _add(entry, "title", one.title)
        _add(entry, "updated", _instant(one.matched_at))
        _add(entry, "link", None, rel="alternate", href=PLACES.get(search.query.collection, ELSEWHERE).format(key))
        _add(entry, "summary", f"{one.document_id} matches {search.name}")
    content: bytes = ElementTree.tostring(feed, encoding="utf-8", xml_declaration=True)
    return content


def _add(parent: ElementTree.Element, tag: str, text: str | None, **attributes: str) -> ElementTree.Element:
    child = ElementTree.SubElement(parent, tag, attributes)
    if text is not None:
        child.text = "".join(
            one
            if one in "\t\n\r" or " " <= one < "\ud800" or (one > "\udfff" and one not in "\ufffe\uffff")
            else "\ufffd"
            for one in text
        )
    return child


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
