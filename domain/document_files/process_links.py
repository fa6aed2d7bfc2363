"""Links a document file to a contracting process: by an ocid in the file, or by the document URLs of processes. Pure.

The link depends on the current records only, so that it doesn't matter whether file or process arrives first.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Literal, NamedTuple
from unicodedata import normalize
from urllib.parse import unquote, urlsplit

import polars as pl

LinkRule = Literal["parameter", "name", "text", "url"]
LINK_RULES: dict[LinkRule, str] = {
    "parameter": "the caller gave it: `ocid` of the upload, or of the document itself",
    "name": "the file's name contains exactly one ocid",
    "text": "the file's text contains exactly one ocid, once or repeatedly",
    "url": "exactly one process has a document whose URL ends in the file's name",
}
OCID = re.compile(r"(?<![A-Za-z0-9])ocds-[a-z0-9]{6}-[A-Za-z0-9](?:[A-Za-z0-9./:~-]*[A-Za-z0-9])?")
CORE = re.compile(r"[A-Za-z0-9-]*[A-Za-z0-9]")
GIVEN_OCID_PATTERN = r"^[^\s\x00-\x1f\x7f]([^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f])?$"  # an ocid as a caller may give it
ENDING = re.compile(r"\.(?:pdf|txt|docx?|xlsx?|html?|json|zip)$", re.I)
# URLs whose file name `url_name` returns unchanged.
PLAIN_PDF = r"(?i)^https?://[a-z0-9.:-]+/(?:[a-z0-9._~-]+/)*([a-z0-9._~-]+\.pdf)$"
# A line break inside an ocid, with blank lines.
LINE_BREAK_IN_OCID = re.compile(r"-[^\S\n]*(?:\n[^\S\n]*){1,4}(?=[A-Za-z0-9])")
HYPHENS = str.maketrans("\u00ad\u2010\u2011", "---")  # hyphens that word processors write
PAGE_NUMBER = re.compile(
    r"\s*\n[^\S\n]*(?:\w{1,9}\.?[^\S\n]+)?[-–]?[^\S\n]*\d{1,4}(?:[^\S\n]*(?:/|\w{1,5})[^\S\n]*\d{1,4})?[^\S\n]*[-–]?\s*\Z"
)
PREFIX = "ocds"
PAGE_FOOT_CHARACTERS = 60  # the end of a page, where its number may be


class ProcessClaim(NamedTuple):
    """A candidate link: a process that the file names, and the rule that found it."""

    rule: LinkRule
    ocid: str


def ocids_in(text: str) -> list[str]:
    """The distinct ocids in the text, in order of appearance, without trailing punctuation.

    An ocid broken at a hyphen is joined again.
    """
    if PREFIX not in text:
        return []
    found = OCID.findall(LINE_BREAK_IN_OCID.sub("-", text.translate(HYPHENS)))
    return list(dict.fromkeys(ENDING.sub("", ocid) for ocid in found))


def process_claims(document: Mapping[str, Any]) -> list[ProcessClaim]:
    """The candidate links of the document, the most reliable first.

    An ocid given by the caller excludes all others. A name or text with several distinct ocids gives none.
    """
    if document.get("ocid"):
        return [ProcessClaim("parameter", document["ocid"])]
    pages = [text for page in document.get("pages") or [] if (text := page.get("text"))]
    readings: list[tuple[LinkRule, Iterable[str]]] = [("name", [document.get("filename") or ""])]
    if any(PREFIX in text for text in pages):  # joined across page ends first; page by page if that is no process
        readings += [
            (
                "text",
                [
                    "\n\n".join(
                        text[:-PAGE_FOOT_CHARACTERS] + PAGE_NUMBER.sub("", text[-PAGE_FOOT_CHARACTERS:])
                        for text in pages
                    )
                ],
            ),
            ("text", pages),
        ]
    claims = (
        ProcessClaim(rule, ocid)
        for rule, pieces in readings
        for ocid in _meant({ocid for piece in pieces for ocid in ocids_in(piece)})
    )
    return list(dict.fromkeys(claims))


def _meant(ocids: set[str]) -> list[str]:
    """The ocid that these spellings mean, the longer one first; empty if there are several.

    `ocds-213czf-1/notice` may be an ocid, or the end of a URL that contains one.
    """
    cores = {match[0] for ocid in ocids if (match := CORE.match(ocid))}
    longer = ocids - cores
    if len(cores) != 1 or (len(longer) > 1 and not ocids & cores):
        return []
    return [*(longer if len(longer) == 1 else ()), *cores]


def link_documents(
    documents: pl.DataFrame, claims: pl.DataFrame, naming: pl.DataFrame, processes: pl.DataFrame
) -> pl.DataFrame:
    """Return record_id, `link` (a LinkRule), `ocid` and `process_key` of the documents whose link changes.

    A document belongs to the first existing process of its claims, else to the only one that names the file; to none
    while the process that the caller gave does not exist. Without a process, `ocid` is that of its first claim.

    `documents`: record_id, name and their present link. `claims`: record_id, rule, ocid. `naming`: name and ocid of the
    processes with a document URL that ends in the name. `processes`: ocid and process_key of all these that exist.
    """
    c = pl.col
    exists = c("process_key").is_not_null()
    order = [c("rule").cast(pl.Enum(list(LINK_RULES))), -c("ocid").str.len_chars().cast(pl.Int64), c("ocid")]
    claimed = (
        claims.join(processes, on="ocid", how="left")
        .sort(order)
        .group_by("record_id", maintain_order=True)
        .agg(
            c("ocid").first().alias("first_claim"),
            (c("rule") == "parameter").any().alias("given"),
            *[c(name).filter(exists).first() for name in ("rule", "ocid", "process_key")],
        )
    )
    named = (
        naming.unique().join(processes, on="ocid", how="inner").group_by("name").agg(c("ocid", "process_key"), pl.len())
    )
    only = named.filter(c("len") == 1).select("name", c("ocid").list[0], c("process_key").list[0])
    found = documents.join(claimed, on="record_id", how="left", suffix="_claimed").join(
        only, on="name", how="left", suffix="_named"
    )
    by_name = (
        c("process_key_claimed").is_null() & c("process_key_named").is_not_null() & ~c("given").fill_null(value=False)
    )
    url = pl.when(by_name)
    linked = found.select(
        "record_id",
        url.then(pl.lit("url")).otherwise("rule").alias("link"),
        url.then("ocid_named").otherwise(pl.coalesce("ocid_claimed", "first_claim")).alias("ocid"),
        url.then("process_key_named").otherwise("process_key_claimed").alias("process_key"),
    )
    return linked.join(documents, on=linked.columns, how="anti", nulls_equal=True)


def name_key(filename: str) -> str:
    """The key by which file names are compared: the last part of the path, in composed Unicode (NFC)."""
    return normalize("NFC", filename.replace("\\", "/").rsplit("/", 1)[-1].strip())


def url_name(url: str) -> str | None:
    """The name of the PDF at the end of a document URL; None if it ends otherwise."""
    try:
        path = urlsplit(url.strip()).path
    except ValueError:
        return None
    name = name_key(unquote(path))
    return name if name.lower().endswith(".pdf") and len(name) > len(".pdf") else None
