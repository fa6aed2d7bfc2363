"""Opening a PDF: what locks its pages, and what locks its attachments alone."""

# mypy: allow-untyped-calls

import re
from pathlib import Path

import pymupdf

from domain.shared.errors import reason_of

IDENTITY = ("null", "null"), ("name", "/Identity")  # the crypt filter that leaves strings and streams as they are; the default
CRYPT_FILTERS = 4  # the version of encryption from which on strings, streams and attachments have filters of their own
HANDLER = re.compile(r"encryption handler|crypt filter|encryption (?:version|revision)", re.IGNORECASE)
CODE = re.compile(r"^code=\d+: ")


class LockedError(Exception):
    """Raised when the pages can't be read without a key."""


def opened(path: Path) -> pymupdf.Document:
    """The document. LockedError where its pages are encrypted; ValueError where it has not the structure of a PDF."""
    try:
        document = pymupdf.open(path, filetype="pdf")
    except pymupdf.FileDataError as error:
        cause = CODE.sub("", reason_of(error.__cause__ or error))  # the error itself names the file on this machine
        if HANDLER.search(cause):
            raise LockedError(f"it is encrypted in a way that can't be read: {cause}") from error
        raise ValueError(cause) from error
    if document.needs_pass:
        if not _only_attachments(document):
            raise LockedError("it opens with a password only")
        document.is_encrypted = False
        document.init_doc()
    return document


def _only_attachments(document: pymupdf.Document) -> bool:
    """Whether the filters of strings and streams encrypt nothing, so that no page needs the password."""
    kind, reference = document.xref_get_key(-1, "Encrypt")
    if kind == "xref":
        xref, path = int(reference.split()[0]), ""
    else:
        xref, path = -1, "Encrypt/"
    kind, version = document.xref_get_key(xref, f"{path}V")
    if kind != "int" or int(version) < CRYPT_FILTERS:
        return False
    return all(document.xref_get_key(xref, f"{path}{name}") in IDENTITY for name in ("StmF", "StrF"))
