"""Which contracting process an uploaded file belongs to: what the file says of itself, and what the processes say of it. Pure.

The link is a function of the current records alone, so that it comes out the same whichever of file and process arrived first.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, NamedTuple
from unicodedata import normalize
from urllib.parse import unquote, urlsplit

LinkRule = Literal["parameter", "name", "text", "url"]
LINK_RULES: dict[LinkRule, str] = {
    "parameter": "the caller said it: the `ocid` of the upload, or of the document itself",
    "name": "the file's name holds exactly one ocid",
    "text": "the file's text holds exactly one ocid, as often as it likes",
    "url": "exactly one process has a document whose URL ends in the file's name",
}
OCID = re.compile(r"(?<![A-Za-z0-9])ocds-[a-z0-9]{6}-[A-Za-z0-9](?:[A-Za-z0-9./:~-]*[A-Za-z0-9])?")
CORE = re.compile(r"[A-Za-z0-9-]*[A-Za-z0-9]")
GIVEN_OCID_PATTERN = r"^[^\s\x00-\x1f\x7f]([^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f])?$"  # an ocid as a caller may give it
ENDING = re.compile(r"\.(?:pdf|txt|docx?|xlsx?|html?|json|zip)$", re.I)
PLAIN_PDF = r"(?i)^https?://[a-z0-9.:-]+/(?:[a-z0-9._~-]+/)*([a-z0-9._~-]+\.pdf)$"  # a URL whose name `url_name` would give as it stands
BROKEN = re.compile(r"-[^\S\n]*(?:\n[^\S\n]*){1,4}(?=[A-Za-z0-9])")  # an ocid that goes on in the next line, blank ones between
HYPHENS = str.maketrans("\u00ad\u2010\u2011", "---")  # as word processors write them
PAGE_NUMBER = re.compile(r"\s*\n[^\S\n]*(?:\w{1,9}\.?[^\S\n]+)?[-–]?[^\S\n]*\d{1,4}(?:[^\S\n]*(?:/|\w{1,5})[^\S\n]*\d{1,4})?[^\S\n]*[-–]?\s*\Z")
PREFIX = "ocds"
PAGE_FOOT_CHARACTERS = 60  # characters at the end of a page in which its number may stand


class ProcessClaim(NamedTuple):
    """A process that a file names by itself, and by which rule."""

    rule: LinkRule
    ocid: str


def ocids_in(text: str) -> list[str]:
    """The distinct ocids in the text, in order of appearance, without the punctuation behind them; one broken at a hyphen is joined again."""
    if PREFIX not in text:
        return []
    found = OCID.findall(BROKEN.sub("-", text.translate(HYPHENS)))
    return list(dict.fromkeys(ENDING.sub("", ocid) for ocid in found))


def process_claims(document: Mapping[str, Any]) -> list[ProcessClaim]:
    """What the document says of itself, the surest first. Where the caller said it, nothing else counts; of several ocids, none does."""
    if document.get("ocid"):
        return [ProcessClaim("parameter", document["ocid"])]
    pages = [text for page in document.get("pages") or [] if (text := page.get("text"))]
    readings: list[tuple[LinkRule, Iterable[str]]] = [("name", [document.get("filename") or ""])]
    if any(PREFIX in text for text in pages):  # an ocid may go on behind a page's end; if what is there does not stand, it does not
        readings += [
            ("text", ["\n\n".join(text[:-PAGE_FOOT_CHARACTERS] + PAGE_NUMBER.sub("", text[-PAGE_FOOT_CHARACTERS:]) for text in pages)]),
            ("text", pages),
        ]
    said = (ProcessClaim(rule, ocid) for rule, pieces in readings for ocid in _meant({ocid for piece in pieces for ocid in ocids_in(piece)}))
    return list(dict.fromkeys(said))


def _meant(ocids: set[str]) -> list[str]:
    """The one ocid that these spellings stand for, the longer spelling first: `ocds-213czf-1/notice` may be an ocid, or the end of a URL with one."""
    cores = {match[0] for ocid in ocids if (match := CORE.match(ocid))}
    longer = ocids - cores
    if len(cores) != 1 or (len(longer) > 1 and not ocids & cores):
        return []
    return [*(longer if len(longer) == 1 else ()), *cores]


def choose_process(said: Sequence[ProcessClaim], naming: Iterable[str], standing: Iterable[str]) -> ProcessClaim | None:
    """The process that the file belongs to: the first one it names that stands, else the only one that names it.

    `naming` are the processes that have a document URL ending in the file's name, `standing` those of all these that exist.
    """
    there = set(standing)
    for claim in said:
        if claim.ocid in there:
            return claim
    if any(claim.rule == "parameter" for claim in said):  # wait for the process that the caller meant
        return None
    named = set(naming) & there
    return ProcessClaim("url", named.pop()) if len(named) == 1 else None


def name_key(filename: str) -> str:
    """What file names are compared by: the last part of the path, in composed Unicode."""
    return normalize("NFC", filename.replace("\\", "/").rsplit("/", 1)[-1].strip())


def url_name(url: str) -> str | None:
    """The name of the PDF that a document's URL ends in; None where it ends otherwise."""
    try:
        path = urlsplit(url.strip()).path
    except ValueError:
        return None
    name = name_key(unquote(path))
    return name if name.lower().endswith(".pdf") and len(name) > len(".pdf") else None
